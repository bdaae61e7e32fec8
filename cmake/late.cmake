# Libraries that are opened when their first function is called (src/late), so that a start of the command
# does not wait for those that it does not use. They are needed when building as ever.
option(GLOWVOX_LATE "Open the libraries of sound files, sound cards and archives when they are needed" ON)

# glowvox_late(TARGET PREFIX SOURCE): the functions that SOURCE defines stand in TARGET for those of the
# library that pkg-config found as PREFIX; where its shared name cannot be told, it is linked as usual.
# Packages that hold the libraries are collected in GLOWVOX_LATE_LIBRARIES.
function(glowvox_late target prefix source)
  set(soname "")
  if(GLOWVOX_LATE AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_OBJDUMP)
    list(GET ${prefix}_LINK_LIBRARIES 0 library)
    execute_process(COMMAND ${CMAKE_OBJDUMP} -p ${library} OUTPUT_VARIABLE headers ERROR_QUIET)
    if(headers MATCHES "SONAME +([^ \n]+)")
      set(soname ${CMAKE_MATCH_1})
    endif()
  endif()
  if(NOT soname)
    target_link_libraries(${target} PRIVATE PkgConfig::${prefix})
    return()
  endif()
  set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS "GLOWVOX_SONAME=\"${soname}\"")
  target_sources(${target} PRIVATE ${source})
  target_include_directories(${target} SYSTEM PRIVATE ${${prefix}_INCLUDE_DIRS})
  target_compile_options(${target} PRIVATE ${${prefix}_CFLAGS_OTHER})
  target_link_libraries(${target} PRIVATE ${CMAKE_DL_LIBS})
  get_filename_component(folder ${library} DIRECTORY)
  set_property(GLOBAL APPEND PROPERTY GLOWVOX_LATE_LIBRARIES ${folder}/${soname})
endfunction()
