# Warnings, sanitizers and visibility as interface targets, linked PRIVATE by the project's own code only.
option(GLOWVOX_WERROR "Treat warnings as errors" OFF)
set(GLOWVOX_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them (address,undefined or thread)")

add_library(glowvox_options INTERFACE)
target_compile_features(glowvox_options INTERFACE cxx_std_17)
target_compile_options(glowvox_options INTERFACE
  -Wall -Wextra -Wshadow -fvisibility=hidden -fvisibility-inlines-hidden)
if(GLOWVOX_WERROR)
  target_compile_options(glowvox_options INTERFACE -Werror)
endif()
if(GLOWVOX_SANITIZE)
  # The instrumented code makes GCC 12 suspect LibTorch's headers of uninitialized values.
  target_compile_options(glowvox_options INTERFACE
    -fsanitize=${GLOWVOX_SANITIZE} -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(glowvox_options INTERFACE -fsanitize=${GLOWVOX_SANITIZE})
endif()

# For executables: under the address sanitizer they carry the list of what LibTorch never frees.
add_library(glowvox_executable INTERFACE)
if(GLOWVOX_SANITIZE MATCHES "address")
  target_sources(glowvox_executable INTERFACE ${PROJECT_SOURCE_DIR}/cmake/sanitizer_defaults.cpp)
endif()
