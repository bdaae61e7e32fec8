# For a machine that has compilers and PyTorch alone: what cmake/gpu-box-pack brought along in deps/,
# and nothing of sound, Fourier transforms or, but for products, the engine.
set(GLOWVOX_DEPS ${PROJECT_SOURCE_DIR}/deps CACHE PATH "What cmake/gpu-box-pack gathered")
if(NOT EXISTS ${GLOWVOX_DEPS}/include/CLI)
  message(FATAL_ERROR "${GLOWVOX_DEPS} lacks the libraries of a bare build: make the archive by "
    "cmake/gpu-box-pack where glowvox's packages are installed, and unpack it here")
endif()
find_package(Threads REQUIRED)
add_compile_definitions(GLOWVOX_BARE)

# glowvox_bare_library(TARGET [FILE...]): headers in deps/include, libraries in deps/lib.
function(glowvox_bare_library target)
  string(MAKE_C_IDENTIFIER ${target} name)
  add_library(${name} INTERFACE)
  if(NOT target STREQUAL name)
    add_library(${target} ALIAS ${name})
  endif()
  target_include_directories(${name} SYSTEM INTERFACE ${GLOWVOX_DEPS}/include)
  list(TRANSFORM ARGN PREPEND ${GLOWVOX_DEPS}/lib/)
  target_link_libraries(${name} INTERFACE ${ARGN})
endfunction()

glowvox_bare_library(CLI11::CLI11)
glowvox_bare_library(nlohmann_json::nlohmann_json)
glowvox_bare_library(fmt::fmt)
target_compile_definitions(fmt__fmt INTERFACE FMT_HEADER_ONLY)
glowvox_bare_library(yaml-cpp libyaml-cpp.a)
glowvox_bare_library(PkgConfig::HWY libhwy.so.1)
glowvox_bare_library(Eigen3::Eigen)
target_include_directories(Eigen3__Eigen SYSTEM INTERFACE ${GLOWVOX_DEPS}/include/eigen3)
glowvox_bare_library(PNG::PNG libpng16.a libz.a)

set(GLOWVOX_TOOLS ON)
set(GLOWVOX_TRAINING ON)
set(GLOWVOX_PLAYBACK OFF)
set(GLOWVOX_FFT eigen)
option(GLOWVOX_TESTS "Build the tests" ON)
