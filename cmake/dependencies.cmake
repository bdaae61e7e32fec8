# Everything comes from the system: see docs/embedding.md for the Debian packages. Those of the library are
# required; what the other parts need is looked for, and decides their defaults (options.cmake).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
# LIBXSMM falls back to a BLAS that the engine never calls: its stand-in is linked after it, and
# hidden, because LibTorch's own calls of the BLAS would find it otherwise.
find_path(XSMM_INCLUDE libxsmm.h REQUIRED)
find_library(XSMM_LIBRARY libxsmm.a REQUIRED)
find_library(XSMM_NOBLAS_LIBRARY libxsmmnoblas.a REQUIRED)
add_library(glowvox_xsmm INTERFACE)
target_include_directories(glowvox_xsmm SYSTEM INTERFACE $<BUILD_INTERFACE:${XSMM_INCLUDE}>)
target_link_libraries(glowvox_xsmm INTERFACE
  ${XSMM_LIBRARY} ${XSMM_NOBLAS_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS})
target_link_options(glowvox_xsmm INTERFACE LINKER:--exclude-libs,libxsmmnoblas.a)

pkg_check_modules(FFTW QUIET IMPORTED_TARGET fftw3f fftw3)
pkg_check_modules(SNDFILE QUIET IMPORTED_TARGET sndfile)
pkg_check_modules(SOXR QUIET IMPORTED_TARGET soxr)
pkg_check_modules(ZIP QUIET IMPORTED_TARGET libzip)
pkg_check_modules(PORTAUDIO QUIET IMPORTED_TARGET portaudio-2.0)
pkg_check_modules(JACK QUIET IMPORTED_TARGET jack)
find_package(PNG QUIET)
find_package(CLI11 QUIET)
find_package(doctest QUIET)
find_path(GLOWVOX_TORCH_HEADER torch/csrc/api/include/torch/torch.h)
set(GLOWVOX_TORCH_FOUND FALSE)
if(GLOWVOX_TORCH_HEADER OR Torch_DIR OR GLOWVOX_TORCH_PYTHON OR GLOWVOX_CUDA)
  set(GLOWVOX_TORCH_FOUND TRUE)
endif()
