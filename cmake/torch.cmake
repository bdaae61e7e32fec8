# LibTorch as the target glowvox_torch: Debian's, or another one by Torch_DIR or GLOWVOX_TORCH_PYTHON.
option(GLOWVOX_CUDA "Train on NVIDIA GPUs; takes a LibTorch with CUDA, as in PyPI's torch" OFF)
option(GLOWVOX_UNITY "Compile sources that include LibTorch several at once: sooner from scratch, later after a change" ON)
set(GLOWVOX_TORCH_PYTHON "" CACHE STRING "A Python whose torch (PyPI's) is to be the LibTorch")

if(GLOWVOX_TORCH_PYTHON AND NOT Torch_DIR)
  execute_process(
    COMMAND ${GLOWVOX_TORCH_PYTHON} -c "import torch; print(torch.utils.cmake_prefix_path)"
    OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${GLOWVOX_TORCH_PYTHON} cannot import torch: name one that can by -DGLOWVOX_TORCH_PYTHON=")
  endif()
  set(Torch_DIR "${prefix}/Torch" CACHE PATH "Folder of TorchConfig.cmake" FORCE)
endif()

# PyPI's and the downloads keep their libraries and headers in a folder of their own. They are
# linked without the CMake files in there, which want nvcc and a whole toolkit wherever LibTorch has
# CUDA: our code is operators alone. Without GLOWVOX_CUDA the CUDA half is left out, and with it
# gigabytes of libraries that every start would load.
set(folder "")
if(Torch_DIR)
  get_filename_component(folder "${Torch_DIR}/../../.." ABSOLUTE)
endif()

add_library(glowvox_torch INTERFACE)
if(EXISTS "${folder}/lib/libtorch_cpu.so")
  file(STRINGS "${Torch_DIR}/TorchConfig.cmake" TORCH_CXX_FLAGS REGEX "CXX11_ABI=0")
  # What its headers are written in, where that is newer than ours.
  file(STRINGS "${Torch_DIR}/TorchConfig.cmake" standard REGEX "-std=c\\+\\+20")
  if(standard)
    target_compile_features(glowvox_torch INTERFACE cxx_std_20)
    # GCC 12 then suspects every sum of a literal and a string (GCC bug 105651).
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      target_compile_options(glowvox_torch INTERFACE -Wno-restrict -Wno-stringop-overflow)
    endif()
  endif()
  target_include_directories(glowvox_torch SYSTEM INTERFACE
    ${folder}/include ${folder}/include/torch/csrc/api/include)
  # Its fmt comes before the system's in the search for headers, and is another version.
  target_compile_definitions(glowvox_torch INTERFACE FMT_HEADER_ONLY USE_DISTRIBUTED USE_C10D_GLOO)
  if(NOT EXISTS "${folder}/include/gloo")
    target_include_directories(glowvox_torch SYSTEM INTERFACE ${CMAKE_CURRENT_LIST_DIR}/gloo)
  endif()
  set(libraries -ltorch_cpu -lc10)
  if(GLOWVOX_CUDA)
    if(NOT EXISTS "${folder}/lib/libtorch_cuda.so")
      message(FATAL_ERROR "GLOWVOX_CUDA: the LibTorch in ${folder} has no CUDA")
    endif()
    list(PREPEND libraries -ltorch_cuda -lc10_cuda)
    # The headers that it was built with, where they lie beside it, else the toolkit's.
    file(GLOB nvidia LIST_DIRECTORIES true
      "${folder}/../nvidia/cu*/include" "${folder}/../nvidia/cuda_runtime/include" "${folder}/../nvidia/nccl/include")
    find_path(CUDA_INCLUDE cuda_runtime_api.h HINTS ${nvidia} PATHS /usr/local/cuda/include REQUIRED)
    find_path(NCCL_INCLUDE nccl.h HINTS ${nvidia} PATHS /usr/local/cuda/include)
    # For what uses CUDA itself, beyond operators.
    set(GLOWVOX_CUDA_OPTIONS -isystem${CUDA_INCLUDE})
    if(NCCL_INCLUDE)
      list(APPEND GLOWVOX_CUDA_OPTIONS -isystem${NCCL_INCLUDE} -DUSE_C10D_NCCL)
    endif()
  endif()
  # The CUDA half is named by nothing of ours: it enters by being loaded.
  list(JOIN libraries " " libraries)
  target_link_libraries(glowvox_torch INTERFACE
    "-L${folder}/lib -Wl,-rpath,${folder}/lib -Wl,--no-as-needed ${libraries} -Wl,--as-needed")
elseif(GLOWVOX_CUDA)
  message(FATAL_ERROR "GLOWVOX_CUDA wants a LibTorch with CUDA: name a Python that has PyPI's torch by "
    "-DGLOWVOX_TORCH_PYTHON=, or the folder of its TorchConfig.cmake by -DTorch_DIR=")
else()
  find_package(Torch REQUIRED)
  target_link_libraries(glowvox_torch INTERFACE ${TORCH_LIBRARIES})
endif()
if("${TORCH_CXX_FLAGS}" MATCHES "CXX11_ABI=0")
  message(FATAL_ERROR "this LibTorch was built with the pre-C++11 ABI: take the cxx11-ABI download")
endif()

# Compiles a target's sources, which include LibTorch, some at a time: reading its headers, even
# compiled ones, and the templates in them are most of their time.
function(glowvox_compile_together target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${GLOWVOX_UNITY} UNITY_BUILD_BATCH_SIZE 6)
endfunction()
