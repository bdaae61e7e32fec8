# Everything comes from the system: see README for the Debian packages.
find_package(Threads REQUIRED)
# What LibTorch's at::parallel_for, a template in its headers, needs to be parallel in our code.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SNDFILE REQUIRED IMPORTED_TARGET sndfile)
pkg_check_modules(FFTW REQUIRED IMPORTED_TARGET fftw3f fftw3)
pkg_check_modules(SOXR REQUIRED IMPORTED_TARGET soxr)
pkg_check_modules(ZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(PORTAUDIO REQUIRED IMPORTED_TARGET portaudio-2.0)
# LIBXSMM falls back to a BLAS that the engine never calls: its stand-in is linked after it, and
# hidden, because LibTorch's own calls of the BLAS would find it otherwise.
find_path(XSMM_INCLUDE libxsmm.h REQUIRED)
find_library(XSMM_LIBRARY libxsmm.a REQUIRED)
find_library(XSMM_NOBLAS_LIBRARY libxsmmnoblas.a REQUIRED)
add_library(glowvox_xsmm INTERFACE)
target_include_directories(glowvox_xsmm SYSTEM INTERFACE ${XSMM_INCLUDE})
target_link_libraries(glowvox_xsmm INTERFACE
  ${XSMM_LIBRARY} ${XSMM_NOBLAS_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS})
target_link_options(glowvox_xsmm INTERFACE LINKER:--exclude-libs,libxsmmnoblas.a)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(PNG REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
# Of libglowvox.
add_library(glowvox_libraries INTERFACE)
target_link_libraries(glowvox_libraries INTERFACE
  PkgConfig::SNDFILE PkgConfig::FFTW PkgConfig::SOXR PkgConfig::ZIP PNG::PNG glowvox_xsmm PkgConfig::HWY
  Eigen3::Eigen)
