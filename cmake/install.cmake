# cmake --install and packages: the libraries with their headers, CMake package and pkg-config file; the
# command; the voice.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(glowvox_cmake ${CMAKE_INSTALL_LIBDIR}/cmake/glowvox)
set(glowvox_data ${CMAKE_INSTALL_DATADIR}/glowvox)

set(libraries glowvox_lib)
if(GLOWVOX_PLAYBACK)
  list(APPEND libraries glowvox_playback)
endif()
if(NOT BUILD_SHARED_LIBS)
  # What a static library's users link.
  set_target_properties(glowvox_xsmm PROPERTIES EXPORT_NAME xsmm)
  list(APPEND libraries glowvox_xsmm)
endif()
install(TARGETS ${libraries} EXPORT glowvoxTargets
  LIBRARY COMPONENT library NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
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
  set(GLOWVOX_PC_LIBS "-lxsmm -lxsmmnoblas -lstdc++ -lm -ldl -pthread")
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
  install(FILES tools/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME glowvox COMPONENT command)
  # The manual page is what the command says of itself.
  find_program(HELP2MAN help2man)
  if(HELP2MAN)
    add_custom_command(OUTPUT glowvox.1
      COMMAND ${HELP2MAN} --no-info --name "flow-based speech vocoder" --output glowvox.1 $<TARGET_FILE:glowvox>
      DEPENDS glowvox VERBATIM)
    add_custom_target(manual ALL DEPENDS glowvox.1)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/glowvox.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command)
  endif()
endif()
install(FILES samples/mdct-causal.safetensors samples/kerstin.npy samples/MODELS.md samples/LICENSE
  DESTINATION ${glowvox_data} COMPONENT command)

# Packages, in a build made for them (preset package): cpack --preset package.
set(CPACK_PACKAGE_NAME glowvox)
set(CPACK_PACKAGE_VENDOR "glowvox")
set(CPACK_PACKAGE_CONTACT "glowvox <glowvox@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL library development command)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(component IN ITEMS library development command)
  string(TOUPPER ${component} upper)
  set(name_library libglowvox${PROJECT_VERSION_MAJOR})
  set(name_development libglowvox-dev)
  set(name_command glowvox)
  set(name ${name_${component}})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  # What Debian wants of every package.
  set(doc ${CMAKE_CURRENT_BINARY_DIR}/debian/${name})
  configure_file(cmake/debian/copyright.in ${doc}/copyright @ONLY)
  configure_file(cmake/debian/changelog.in ${doc}/changelog @ONLY)
  execute_process(COMMAND gzip -9nf ${doc}/changelog)
  install(FILES ${doc}/copyright ${doc}/changelog.gz
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} COMPONENT ${component} OPTIONAL)
endforeach()
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libglowvox${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION sound)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "Speech vocoder by a normalizing flow (shared library)
 Turns mel spectrograms into speech, whole or while they arrive, many
 times faster than real time on a CPU.")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Speech vocoder by a normalizing flow (development files)
 Headers for C and C++, CMake package, pkg-config file and examples.")
set(CPACK_COMPONENT_COMMAND_DESCRIPTION "Speech vocoder by a normalizing flow (command and voice)
 The command glowvox, and a voice for it: mel spectrograms to sound files,
 sound to mel spectrograms.")
include(CPack)
