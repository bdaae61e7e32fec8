# cmake --install and packages: the libraries with their headers, CMake package and pkg-config file; the
# command; the voice.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(glowvox_cmake ${CMAKE_INSTALL_LIBDIR}/cmake/glowvox)
set(glowvox_data ${CMAKE_INSTALL_DATADIR}/glowvox)
# So that pkg-config finds it wherever `cmake --install --prefix` puts it.
file(RELATIVE_PATH GLOWVOX_PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" GLOWVOX_PC_UP "${GLOWVOX_PC_UP}")

# glowvox_install_library(TARGET COMPONENT)
function(glowvox_install_library target component)
  install(TARGETS ${target} EXPORT glowvoxTargets
    LIBRARY COMPONENT ${component} NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development
    RUNTIME COMPONENT ${component}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()
glowvox_install_library(glowvox_lib library)
if(GLOWVOX_PLAYBACK)
  glowvox_install_library(glowvox_playback playback)
endif()
if(GLOWVOX_XSMM AND NOT BUILD_SHARED_LIBS)
  # What a static library's users link.
  set_target_properties(glowvox_xsmm PROPERTIES EXPORT_NAME xsmm)
  glowvox_install_library(glowvox_xsmm development)
endif()
install(EXPORT glowvoxTargets NAMESPACE glowvox:: DESTINATION ${glowvox_cmake} COMPONENT development)
configure_package_config_file(cmake/glowvoxConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/glowvoxConfig.cmake
  INSTALL_DESTINATION ${glowvox_cmake})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/glowvoxConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/glowvoxConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/glowvoxConfigVersion.cmake
  DESTINATION ${glowvox_cmake} COMPONENT development)

set(GLOWVOX_PC_REQUIRES "")
set(GLOWVOX_PC_LIBS "")
if(NOT BUILD_SHARED_LIBS)
  set(GLOWVOX_PC_REQUIRES "fmt yaml-cpp libhwy")
  if(GLOWVOX_FFT STREQUAL "fftw")
    string(APPEND GLOWVOX_PC_REQUIRES " fftw3 fftw3f")
  endif()
  # A static library's needs are needed by whoever does not say --static too.
  set(GLOWVOX_PC_LIBS "-lstdc++ -lm -ldl -pthread")
  if(GLOWVOX_XSMM)
    string(PREPEND GLOWVOX_PC_LIBS "-lxsmm -lxsmmnoblas ")
  endif()
endif()
configure_file(cmake/glowvox.pc.in ${CMAKE_CURRENT_BINARY_DIR}/glowvox.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/glowvox.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
install(FILES include/glowvox.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(DIRECTORY include/glowvox DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  PATTERN playback.hpp EXCLUDE)
if(GLOWVOX_PLAYBACK)
  install(FILES include/glowvox/playback.hpp
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/glowvox COMPONENT development)
endif()
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT development
  PATTERN "*.py" EXCLUDE)

if(GLOWVOX_TOOLS)
  install(TARGETS glowvox COMPONENT command)
  if(GLOWVOX_TRAINING)
    install(TARGETS glowvox-train COMPONENT command)
  endif()
  install(FILES tools/completions/glowvox.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME glowvox COMPONENT command)
  install(FILES tools/completions/_glowvox
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT command)
  install(FILES tools/completions/glowvox.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT command)
  # The manual page is what the command says of itself.
  find_program(HELP2MAN help2man)
  if(HELP2MAN)
    add_custom_command(OUTPUT glowvox.1.gz
      COMMAND ${HELP2MAN} --no-info --name "flow-based speech vocoder" --output glowvox.1 $<TARGET_FILE:glowvox>
      COMMAND gzip -9nf glowvox.1
      DEPENDS glowvox VERBATIM)
    add_custom_target(manual ALL DEPENDS glowvox.1.gz)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/glowvox.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command)
  endif()
endif()
install(FILES samples/mdct-causal.safetensors samples/mdct-causal-small.safetensors samples/kerstin.npy
  samples/MODELS.md samples/LICENSE
  DESTINATION ${glowvox_data} COMPONENT command)

install(FILES NOTICE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)

# Packages, in a build made for them (preset package): cpack --preset package.
if(NOT (GLOWVOX_TOOLS AND GLOWVOX_PLAYBACK AND BUILD_SHARED_LIBS))
  return()
endif()
set(CPACK_PACKAGE_NAME glowvox)
set(CPACK_PACKAGE_VENDOR "glowvox")
set(GLOWVOX_MAINTAINER "glowvox authors <glowvox@users.noreply.github.com>" CACHE STRING "Of the packages")
set(CPACK_PACKAGE_CONTACT "${GLOWVOX_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL library playback development command)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_CURRENT_BINARY_DIR}/src)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(soversion ${PROJECT_VERSION_MAJOR})

# glowvox_package(COMPONENT PACKAGE SECTION SUMMARY DESCRIPTION)
macro(glowvox_package component package section summary description)
  string(TOUPPER ${component} upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "Speech vocoder by a normalizing flow (${summary})\n${description}")
  # What Debian wants of every package.
  set(doc ${CMAKE_CURRENT_BINARY_DIR}/debian/${package})
  configure_file(cmake/debian/copyright.in ${doc}/copyright @ONLY)
  configure_file(cmake/debian/changelog.in ${doc}/changelog @ONLY)
  execute_process(COMMAND gzip -9nf ${doc}/changelog)
  install(FILES ${doc}/copyright ${doc}/changelog.gz
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endmacro()
glowvox_package(library libglowvox${soversion} libs "shared library"
  "Turns mel spectrograms into speech, whole or while they arrive, many times\nfaster than real time on a CPU.")
glowvox_package(playback libglowvox-playback${soversion} libs "live playback"
  "What plays the speech on a sound card, through PortAudio.")
glowvox_package(development libglowvox-dev libdevel "development files"
  "Headers for C and C++, CMake package, pkg-config file and examples.")
glowvox_package(command glowvox sound "command and voices"
  "The command glowvox and two voices for it: mel spectrograms to sound files or\nsound cards, sound to mel spectrograms.")
# What a package of a shared library tells dpkg.
foreach(pair IN ITEMS "LIBRARY libglowvox libglowvox" "PLAYBACK libglowvox_playback libglowvox-playback")
  separate_arguments(pair)
  list(GET pair 0 upper)
  list(GET pair 1 library)
  list(GET pair 2 package)
  set(control ${CMAKE_CURRENT_BINARY_DIR}/debian/${package}${soversion}.control)
  file(WRITE ${control}/triggers "activate-noawait ldconfig\n")
  file(WRITE ${control}/shlibs
    "${library} ${soversion} ${package}${soversion} (>= ${PROJECT_VERSION})\n")
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${control}/triggers ${control}/shlibs)
endforeach()
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libglowvox${soversion} (= ${PROJECT_VERSION}), libglowvox-playback${soversion} (= ${PROJECT_VERSION})")
# Opened by name (late.cmake), so that dpkg-shlibdeps does not see them.
get_property(late GLOBAL PROPERTY GLOWVOX_LATE_LIBRARIES)
foreach(library IN LISTS late)
  execute_process(COMMAND dpkg-query --search */${library} OUTPUT_VARIABLE found ERROR_QUIET)
  if(NOT found)
    get_filename_component(name ${library} NAME)
    execute_process(COMMAND dpkg-query --search */${name} OUTPUT_VARIABLE found ERROR_QUIET)
  endif()
  if(found MATCHES "^([^:]+):")
    list(APPEND CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS ${CMAKE_MATCH_1})
  endif()
endforeach()
if(CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS)
  list(REMOVE_DUPLICATES CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS)
  list(JOIN CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS ", " CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS)
endif()
include(CPack)
