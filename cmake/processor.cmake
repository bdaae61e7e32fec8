# Model files and packed weights are little-endian, and a model with its streams wants 64-bit addresses.
# WebAssembly has pointers of 32 bits and numbers of 64.
if(CMAKE_CXX_BYTE_ORDER STREQUAL "BIG_ENDIAN")
  message(FATAL_ERROR "glowvox does not run on big-endian processors (this is a build for "
    "'${CMAKE_SYSTEM_PROCESSOR}'): model files are read where they lie, little-endian")
endif()
if(CMAKE_SIZEOF_VOID_P LESS 8 AND NOT EMSCRIPTEN)
  message(FATAL_ERROR "glowvox needs a 64-bit processor (this is a build for '${CMAKE_SYSTEM_PROCESSOR}' with "
    "addresses of ${CMAKE_SIZEOF_VOID_P} bytes), or WebAssembly")
endif()
