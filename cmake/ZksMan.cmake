# SPDX-License-Identifier: MIT OR Apache-2.0
# Manual pages, made from --help where help2man is installed and the programs run on this machine.

find_program(ZKS_HELP2MAN help2man)

# zks_man(PROGRAM SECTION DESCRIPTION): page, part of `all`, installed
function(zks_man program section description)
  if(NOT ZKS_HELP2MAN OR NOT TARGET ${program} OR CMAKE_CROSSCOMPILING OR ZKS_SANITIZER)
    return()
  endif()
  set(page ${PROJECT_BINARY_DIR}/man/${program}.${section})
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man)
  add_custom_command(OUTPUT ${page} VERBATIM
    COMMAND ${PROJECT_SOURCE_DIR}/scripts/man $<TARGET_FILE:${program}> ${section} ${description} ${page}
    DEPENDS ${program} ${PROJECT_SOURCE_DIR}/scripts/man COMMENT "Writing ${program}.${section}")
  add_custom_target(${program}-man ALL DEPENDS ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endfunction()

zks_man(zks 1 "sends and receives entries that only the devices of a group can read")
zks_man(zks-relay 8 "stores and passes on sealed entries between the devices of groups")
