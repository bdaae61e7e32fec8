# What is built: each part's default is whether its libraries are there, and a part that is asked for
# without them is refused with the packages that are missing.

# glowvox_part(NAME DESCRIPTION DEFAULT [PACKAGE FOUND]...): the option GLOWVOX_<NAME>. DEFAULT: ON where
# everything is there, or OFF. Every PACKAGE is told as missing where its FOUND is false.
function(glowvox_part name description default)
  set(missing "")
  list(LENGTH ARGN count)
  if(count GREATER 0)
    math(EXPR last "${count} - 1")
    foreach(i RANGE 0 ${last} 2)
      math(EXPR next "${i} + 1")
      list(GET ARGN ${i} package)
      list(GET ARGN ${next} found)
      if(NOT found)
        list(APPEND missing ${package})
      endif()
    endforeach()
  endif()
  if(missing)
    set(default OFF)
  endif()
  option(GLOWVOX_${name} "${description}" ${default})
  if(GLOWVOX_${name} AND missing)
    list(JOIN missing " " packages)
    message(FATAL_ERROR "GLOWVOX_${name}: not found, as Debian's packages: ${packages}")
  endif()
  set(GLOWVOX_MISSING_${name} "${missing}" PARENT_SCOPE)
endfunction()

# A project that adds this one wants the library.
glowvox_part(TOOLS "The command glowvox, and what reads and writes files of sound, mels and checkpoints"
  ${PROJECT_IS_TOP_LEVEL}
  libsndfile1-dev "${SNDFILE_FOUND}" libsoxr-dev "${SOXR_FOUND}" libzip-dev "${ZIP_FOUND}"
  libpng-dev "${PNG_FOUND}" libcli11-dev "${CLI11_FOUND}"
  libkainjow-mustache-dev "${MUSTACHE_INCLUDE}")
glowvox_part(ONNX "Files of ONNX: glowvox export --onnx" ${GLOWVOX_TOOLS}
  libonnx-dev "${ONNX_PROTO_FOLDER}" protobuf-compiler "${PROTOC}" libprotobuf-dev "${PROTOBUF_FOUND}")
glowvox_part(PLAYBACK "Live playback on sound cards: the library glowvox_playback" ${PROJECT_IS_TOP_LEVEL}
  portaudio19-dev "${PORTAUDIO_FOUND}" libsoxr-dev "${SOXR_FOUND}")
glowvox_part(TRAINING "Training and scoring: glowvox-train, on LibTorch" ${GLOWVOX_TOOLS}
  libtorch-dev "${GLOWVOX_TORCH_FOUND}")
if(GLOWVOX_TRAINING AND NOT GLOWVOX_TOOLS)
  message(FATAL_ERROR "GLOWVOX_TRAINING needs GLOWVOX_TOOLS")
endif()
glowvox_part(TESTS "The tests; all of them with tools, playback and training, few without tools" ${GLOWVOX_TOOLS}
  doctest-dev "${doctest_FOUND}")
option(GLOWVOX_PYTHON "The Python package, in the Python that has nanobind (see bindings/python)" OFF)
option(GLOWVOX_WASM "The module for browsers, by Emscripten (see bindings/wasm)" OFF)
option(GLOWVOX_EXAMPLES "The programs in examples/, built here" OFF)
option(GLOWVOX_INSTALL "Rules for cmake --install" ${PROJECT_IS_TOP_LEVEL})
option(BUILD_SHARED_LIBS "A shared libglowvox, not a static one" OFF)

# LIBXSMM generates code for x86-64. It falls back to a BLAS that the engine never calls: its stand-in is
# linked after it, and hidden, because LibTorch's own calls of the BLAS would find it otherwise.
set(x86_64 OFF)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(x86_64 ON)
endif()
glowvox_part(XSMM "Matrix products by LIBXSMM where it is faster than ours (x86-64)" ${x86_64}
  libxsmm-dev "${XSMM_FOUND}")
if(GLOWVOX_XSMM AND NOT x86_64)
  message(FATAL_ERROR "GLOWVOX_XSMM: LIBXSMM is for x86-64, this is a build for '${CMAKE_SYSTEM_PROCESSOR}'")
endif()
if(GLOWVOX_XSMM)
  add_library(glowvox_xsmm INTERFACE)
  target_include_directories(glowvox_xsmm SYSTEM INTERFACE $<BUILD_INTERFACE:${XSMM_INCLUDE}>)
  target_link_libraries(glowvox_xsmm INTERFACE
    ${XSMM_LIBRARY} ${XSMM_NOBLAS_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS})
  target_link_options(glowvox_xsmm INTERFACE LINKER:--exclude-libs,libxsmmnoblas.a)
endif()

# FFTW is four times as fast and GPL, and so is then what links libglowvox; KissFFT in Eigen's headers
# (MPL 2) asks for nothing. Training takes FFTW, a library that others embed does not by itself.
set(fft eigen)
if(GLOWVOX_TRAINING AND FFTW_FOUND)
  set(fft fftw)
endif()
set(GLOWVOX_FFT ${fft} CACHE STRING "Fourier transforms: eigen or fftw (GPL)")
set_property(CACHE GLOWVOX_FFT PROPERTY STRINGS eigen fftw)
if(NOT GLOWVOX_FFT MATCHES "^(eigen|fftw)$")
  message(FATAL_ERROR "GLOWVOX_FFT: expected eigen or fftw, got '${GLOWVOX_FFT}'")
endif()
if(GLOWVOX_FFT STREQUAL "fftw" AND NOT FFTW_FOUND)
  message(FATAL_ERROR "GLOWVOX_FFT=fftw: not found, as Debian's package: libfftw3-dev")
endif()
