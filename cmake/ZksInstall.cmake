# SPDX-License-Identifier: MIT OR Apache-2.0
# cmake --install: library, header, programs, pkg-config and CMake package files.

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/zks)

install(TARGETS zks_shared EXPORT zks-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS zks_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY abi/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
foreach(program zks zks-relay)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
install(FILES LICENSE-MIT LICENSE-APACHE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES completions/zks.bash RENAME zks OPTIONAL
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES completions/_zks OPTIONAL
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)

# Paths in zks.pc are relative to the file itself, so that a moved prefix still works. What a
# user of libzks.a links stands there by name: Requires.private would ask every user of the
# shared library for the development files of GnuTLS and its dependencies.
file(RELATIVE_PATH ZKS_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" ZKS_PC_PREFIX "${ZKS_PC_PREFIX}")
if(ZKS_SODIUM_ARCHIVE)
  set(ZKS_PC_SODIUM "")
else()
  set(ZKS_PC_SODIUM "-lsodium ")
endif()
set(ZKS_PC_APPROVED "")
if(ZKS_SUITE2)
  set(ZKS_PC_APPROVED " -lhogweed -lnettle -lgmp")
endif()
configure_file(cmake/zks.pc.in zks.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/zks.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(EXPORT zks-targets NAMESPACE zks:: DESTINATION ${package_dir})
configure_package_config_file(cmake/zksConfig.cmake.in zksConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(zksConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/zksConfig.cmake ${PROJECT_BINARY_DIR}/zksConfigVersion.cmake
  DESTINATION ${package_dir})
