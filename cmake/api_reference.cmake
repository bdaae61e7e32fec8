# docs-api: the reference of the public headers, as HTML in build/api, where Doxygen is installed. A warning
# of Doxygen's is an error.
find_package(Doxygen QUIET)
if(NOT DOXYGEN_FOUND)
  return()
endif()
set(DOXYGEN_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/api)
set(DOXYGEN_INPUT_FILTER "sed -Ef ${CMAKE_CURRENT_SOURCE_DIR}/cmake/doxygen-comments.sed")
set(DOXYGEN_PREDEFINED GLOWVOX_API= GLOWVOX_LOCAL=)
set(DOXYGEN_MACRO_EXPANSION YES)
set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
set(DOXYGEN_EXTRACT_ALL YES)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_STRIP_FROM_INC_PATH ${PROJECT_SOURCE_DIR}/include)
set(DOXYGEN_SHOW_INCLUDE_FILES NO)
set(DOXYGEN_QUIET YES)
set(DOXYGEN_WARN_AS_ERROR FAIL_ON_WARNINGS)
doxygen_add_docs(docs-api
  ${PROJECT_SOURCE_DIR}/include/glowvox.h ${PROJECT_SOURCE_DIR}/include/glowvox
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
  COMMENT "API reference: ${CMAKE_CURRENT_BINARY_DIR}/api/html/index.html")
