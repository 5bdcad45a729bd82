# SPDX-License-Identifier: MIT OR Apache-2.0
# The third-party libraries, each as one target zks_dep_<name>. docs/DEPENDENCIES.md
# says why each is there; scripts/bootstrap installs them on Debian 12.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# zks_dep(NAME MODULE...): zks_dep_NAME from pkg-config modules
function(zks_dep name)
  pkg_check_modules(ZKS_${name} QUIET IMPORTED_TARGET ${ARGN})
  if(NOT ZKS_${name}_FOUND)
    message(FATAL_ERROR "Missing: ${ARGN}. Run scripts/bootstrap --test (Debian 12), "
      "or install what docs/DEPENDENCIES.md lists.")
  endif()
  add_library(zks_dep_${name} INTERFACE)
  target_link_libraries(zks_dep_${name} INTERFACE PkgConfig::ZKS_${name})
endfunction()

# libsodium: the system's where it is new enough, else the newest that bootstrap built.
function(zks_dep_sodium)
  pkg_check_modules(SYSTEM_SODIUM QUIET IMPORTED_TARGET libsodium>=1.0.22)
  add_library(zks_dep_sodium INTERFACE)
  if(SYSTEM_SODIUM_FOUND)
    target_link_libraries(zks_dep_sodium INTERFACE PkgConfig::SYSTEM_SODIUM)
    return()
  endif()
  if(DEFINED ENV{ZKS_DEPS})
    set(cache $ENV{ZKS_DEPS})
  elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(cache $ENV{XDG_CACHE_HOME}/0k-sync)
  else()
    set(cache $ENV{HOME}/.cache/0k-sync)
  endif()
  file(GLOB prefixes ${cache}/libsodium-*-${CMAKE_SYSTEM_PROCESSOR})
  list(SORT prefixes COMPARE NATURAL ORDER DESCENDING)
  if(NOT prefixes)
    message(FATAL_ERROR "libsodium >= 1.0.22 is missing. Run scripts/bootstrap (Debian 12), "
      "or install it where pkg-config finds it.")
  endif()
  list(GET prefixes 0 prefix)
  target_include_directories(zks_dep_sodium SYSTEM INTERFACE ${prefix}/include)
  target_link_libraries(zks_dep_sodium INTERFACE ${prefix}/lib/libsodium.a)
  if(NOT ZKS_COVERAGE)
    target_compile_options(zks_flags INTERFACE -ffile-prefix-map=${prefix}=libsodium)
  endif()
  set(ZKS_SODIUM_ARCHIVE ${prefix}/lib/libsodium.a PARENT_SCOPE)
endfunction()

zks_dep_sodium()
zks_dep(quic libngtcp2>=1.11 libngtcp2_crypto_gnutls>=1.11 gnutls>=3.7)
zks_dep(uv libuv>=1.42)
zks_dep(sqlite sqlite3>=3.37)
zks_dep(qrencode libqrencode>=4.0)
zks_dep(inih inih)
zks_dep(popt popt)
zks_dep(jansson jansson>=2.11)
if(ZKS_TESTS)
  zks_dep(check check>=0.15)
endif()
