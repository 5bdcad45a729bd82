# SPDX-License-Identifier: MIT OR Apache-2.0
# How a module, the library and a program are made from their folders.

# zks_target_setup(TARGET [SYSTEM]): our flags and include roots. SYSTEM: the code talks to
# the operating system and may use GNU and POSIX names. The definition is empty so that a
# file may repeat it.
function(zks_target_setup target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SYSTEM" "" "")
  target_link_libraries(${target} PRIVATE zks_flags)
  target_include_directories(${target} PRIVATE
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/abi/include)
  if(arg_SYSTEM)
    target_compile_definitions(${target} PRIVATE "_GNU_SOURCE=")
  endif()
endfunction()

# zks_sources(OUT FOLDER): the .c files of a folder, not of the folders below it
function(zks_sources out folder)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.c)
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

# zks_module(NAME [FOLDER f] [DEPS modules] [LIBS targets] [SYSTEM]): the static library
# zks_NAME; its objects also go into libzks. A folder without code gives an empty module.
function(zks_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SYSTEM" "FOLDER" "DEPS;LIBS")
  if(NOT arg_FOLDER)
    set(arg_FOLDER src/${name})
  endif()
  list(TRANSFORM arg_DEPS PREPEND zks_)
  zks_sources(sources ${arg_FOLDER})
  if(NOT sources)
    add_library(zks_${name} INTERFACE)
    target_link_libraries(zks_${name} INTERFACE ${arg_DEPS} ${arg_LIBS})
    return()
  endif()
  add_library(zks_${name} STATIC ${sources})
  if(arg_SYSTEM)
    zks_target_setup(zks_${name} SYSTEM)
  else()
    zks_target_setup(zks_${name})
  endif()
  target_link_libraries(zks_${name} PUBLIC ${arg_DEPS} ${arg_LIBS})
  set_property(TARGET zks_${name} PROPERTY ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/modules)
  set_property(GLOBAL APPEND PROPERTY ZKS_MODULES zks_${name})
endfunction()

# zks_suites(TARGET one two): which cipher suites (ON, OFF) a library of src/crypto has. Only crypto
# knows; the rest of the engine asks its table at run time.
function(zks_suites target one two)
  if(NOT one AND NOT two)
    message(FATAL_ERROR "ZKS_SUITE1 and ZKS_SUITE2 are both OFF: leave one cipher suite in.")
  endif()
  get_target_property(sources ${target} SOURCES)
  if(one)
    target_compile_definitions(${target} PUBLIC ZKS_WITH_SUITE1)
  else()
    list(FILTER sources EXCLUDE REGEX "/suite1\\.c$")
  endif()
  if(two)
    target_compile_definitions(${target} PUBLIC ZKS_WITH_SUITE2)
    target_link_libraries(${target} PUBLIC zks_dep_approved)
  else()
    list(FILTER sources EXCLUDE REGEX "/(suite2|p256|seal2|stack2|selftest)\\.c$")
  endif()
  set_property(TARGET ${target} PROPERTY SOURCES ${sources})
endfunction()

# libzks.so and libzks.a of all modules
function(zks_library)
  get_property(modules GLOBAL PROPERTY ZKS_MODULES)
  if(NOT modules)
    message(FATAL_ERROR "no module has any code")
  endif()
  set(objects)
  foreach(module IN LISTS modules)
    list(APPEND objects $<TARGET_OBJECTS:${module}>)
  endforeach()
  set(libs zks_dep_sodium zks_dep_quic zks_dep_uv zks_dep_sqlite zks_dep_qrencode
    zks_dep_inih Threads::Threads)
  if(ZKS_SUITE2)
    list(APPEND libs zks_dep_approved)
  endif()

  add_library(zks_shared SHARED ${objects})
  set_target_properties(zks_shared PROPERTIES OUTPUT_NAME zks LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION 0 EXPORT_NAME zks)
  target_link_libraries(zks_shared PRIVATE zks_flags ${libs})
  target_include_directories(zks_shared INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/abi/include> $<INSTALL_INTERFACE:include>)
  target_link_options(zks_shared PRIVATE -Wl,--exclude-libs,ALL -Wl,-z,nodelete)
  if(NOT ZKS_SANITIZER)
    target_link_options(zks_shared PRIVATE -Wl,--no-undefined)
  endif()
  if(ZKS_PACKAGE)
    target_link_options(zks_shared PRIVATE ${ZKS_PACKAGE_LINK})
    set_property(TARGET zks_shared PROPERTY INSTALL_RPATH $ORIGIN)
  endif()
  set(map ${PROJECT_SOURCE_DIR}/abi/zks.map)
  if(EXISTS ${map})
    target_link_options(zks_shared PRIVATE -Wl,--version-script,${map})
    set_property(TARGET zks_shared PROPERTY LINK_DEPENDS ${map})
  endif()

  add_library(zks_static STATIC ${objects})
  set_target_properties(zks_static PROPERTIES OUTPUT_NAME zks LINKER_LANGUAGE C)
  target_include_directories(zks_static INTERFACE ${PROJECT_SOURCE_DIR}/abi/include)
  if(ZKS_PACKAGE)
    target_link_libraries(zks_static PUBLIC zks_dep_shared)
    zks_package_archive(zks_static)
    return()
  endif()
  target_link_libraries(zks_static PUBLIC ${libs})
  if(ZKS_SODIUM_ARCHIVE)
    # A user of libzks.a has no libsodium that is new enough: ours goes in.
    add_custom_command(TARGET zks_static POST_BUILD VERBATIM COMMAND
      ${CMAKE_COMMAND} -DAR=${CMAKE_AR} -DINTO=$<TARGET_FILE:zks_static> -DFROM=${ZKS_SODIUM_ARCHIVE}
      -P ${PROJECT_SOURCE_DIR}/cmake/merge-archive.cmake)
  endif()
endfunction()

# zks_program(NAME FOLDER f LIBS targets): an executable, left out while it has no code
function(zks_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER" "LIBS")
  zks_sources(sources ${arg_FOLDER})
  if(NOT sources)
    message(STATUS "${arg_FOLDER} has no code yet: no ${name}")
    return()
  endif()
  add_executable(${name} ${sources})
  zks_target_setup(${name} SYSTEM)
  target_compile_definitions(${name} PRIVATE ZKS_VERSION_TEXT="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
  if("zks_shared" IN_LIST arg_LIBS)
    set_property(TARGET ${name} PROPERTY INSTALL_RPATH $ORIGIN/../${CMAKE_INSTALL_LIBDIR})
  endif()
endfunction()
