# SPDX-License-Identifier: MIT OR Apache-2.0
# ZKS_PACKAGE=ON: a library for the packages of other languages (docs/PACKAGING.md). What a host
# process may have itself (libuv, SQLite, ...) is inside, static and hidden; GnuTLS, nettle, hogweed
# and GMP stay shared files that can be replaced. `scripts/bootstrap --package` builds these parts.

set(bootstrap ${PROJECT_SOURCE_DIR}/scripts/bootstrap)
set(ZKS_PACKAGE_DIR "$ENV{ZKS_PACKAGE_DIR}" CACHE PATH "The parts that packages link; empty: where bootstrap puts them")
if(ZKS_PACKAGE_DIR)
  set(ZKS_PARTS ${ZKS_PACKAGE_DIR})
else()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${bootstrap} ${bootstrap}.d/package.sh)
  execute_process(COMMAND ${bootstrap} --package-dir
    OUTPUT_VARIABLE ZKS_PARTS OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
if(NOT EXISTS ${ZKS_PARTS}/VERSIONS)
  message(FATAL_ERROR "What packages link is not there (${ZKS_PARTS}). Run "
    "scripts/bootstrap --package (Debian 12; three minutes), or set ZKS_PACKAGE_DIR.")
endif()
message(STATUS "The parts of the package: ${ZKS_PARTS}")

# zks_part(NAME FILE...): zks_dep_NAME from files of the parts' lib folder
function(zks_part name)
  add_library(zks_dep_${name} INTERFACE)
  list(TRANSFORM ARGN PREPEND ${ZKS_PARTS}/lib/)
  target_include_directories(zks_dep_${name} SYSTEM INTERFACE ${ZKS_PARTS}/include)
  target_link_libraries(zks_dep_${name} INTERFACE ${ARGN})
endfunction()

zks_part(sodium libsodium.a)
zks_part(quic libngtcp2_crypto_gnutls.a libngtcp2.a libgnutls.so)
zks_part(uv libuv.a)
zks_part(sqlite libsqlite3.a)
zks_part(qrencode libqrencode.a)
zks_part(inih libinih.a)

# The shared files.
zks_part(shared libgnutls.so)
target_link_libraries(zks_dep_shared INTERFACE Threads::Threads)
if(ZKS_SUITE2)
  zks_dep(nettle nettle>=3.6 hogweed gmp)
  zks_part(approved libgnutls.so)
  target_link_libraries(zks_dep_approved INTERFACE zks_dep_nettle)
  target_link_libraries(zks_dep_shared INTERFACE zks_dep_nettle)
endif()

# Each function on its own, so that the linker leaves out what nothing calls.
target_compile_options(zks_flags INTERFACE -ffunction-sections -fdata-sections
  -ffile-prefix-map=${ZKS_PARTS}=parts)

# What a library that is loaded into another process is linked with: it shows nothing of what is
# inside, is never unloaded under its threads, and holds no symbol table.
set(ZKS_PACKAGE_LINK -Wl,--exclude-libs,ALL -Wl,-z,nodelete -Wl,--gc-sections -Wl,--as-needed
  -Wl,-O1 -Wl,-s)

# zks_package_archive(TARGET): makes one object of our archive and of what it needs of the others;
# of its symbols only the public functions stay visible, so a program may have another SQLite.
function(zks_package_archive target)
  set(archives)
  foreach(name sodium ngtcp2_crypto_gnutls ngtcp2 uv sqlite3 qrencode inih)
    list(APPEND archives ${ZKS_PARTS}/lib/lib${name}.a)
  endforeach()
  string(REPLACE ";" "," archives "${archives}")
  add_custom_command(TARGET ${target} POST_BUILD VERBATIM COMMAND ${CMAKE_COMMAND}
    -DCC=${CMAKE_C_COMPILER} -DOBJCOPY=${CMAKE_OBJCOPY} -DAR=${CMAKE_AR}
    -DSYMBOLS=${PROJECT_SOURCE_DIR}/abi/symbols.txt -DARCHIVE=$<TARGET_FILE:${target}>
    -DPARTS=${archives} -P ${PROJECT_SOURCE_DIR}/cmake/single-object.cmake)
  set_property(TARGET ${target} PROPERTY LINK_DEPENDS
    ${PROJECT_SOURCE_DIR}/abi/symbols.txt ${PROJECT_SOURCE_DIR}/cmake/single-object.cmake)
endfunction()

# zks_package: what an extension module (Python, Node) links privately. zks_package_module(TARGET
# FOLDER) says where the module finds the shared files, from its own place ("": in its own folder).
add_library(zks_package INTERFACE)
target_link_libraries(zks_package INTERFACE zks_static)
target_link_options(zks_package INTERFACE ${ZKS_PACKAGE_LINK}
  -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

function(zks_package_module target folder)
  string(REGEX REPLACE "/$" "" origin "$ORIGIN/${folder}")
  set_target_properties(${target} PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH ${origin})
endfunction()
