# SPDX-License-Identifier: MIT OR Apache-2.0
# How tests are made from their folders; tests/CMakeLists.txt says what the names mean.

set(ZKS_TEST_DIR ${PROJECT_BINARY_DIR}/tests)
if(ZKS_SANITIZER)
  set(ZKS_SLOWER 5)
else()
  set(ZKS_SLOWER 1)
endif()

# A test that goes on after a finding would hide it; Check's own limit of 4 seconds is too
# short for a loaded machine, ctest's is the one that counts.
set(ZKS_TEST_ENVIRONMENT
  ZKS_BIN_DIR=${PROJECT_BINARY_DIR}/bin
  ZKS_LIB_DIR=${PROJECT_BINARY_DIR}/lib
  ZKS_TEST_DIR=${ZKS_TEST_DIR}
  ZKS_EXAMPLE_DIR=${PROJECT_BINARY_DIR}/examples
  ZKS_SOURCE_DIR=${PROJECT_SOURCE_DIR}
  ZKS_BUILD_DIR=${PROJECT_BINARY_DIR}
  ZKS_SANITIZER=${ZKS_SANITIZER}
  CK_DEFAULT_TIMEOUT=60
  CK_TIMEOUT_MULTIPLIER=${ZKS_SLOWER}
  ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1
  UBSAN_OPTIONS=print_stacktrace=1
  TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp)

# Everything inside, for the tests that look there.
add_library(zks_all INTERFACE)
target_link_libraries(zks_all INTERFACE zks_abi zks_client zks_relay_core)

function(zks_test_support)
  zks_sources(sources tests/support)
  if(NOT sources)
    add_library(zks_test_support INTERFACE)
    return()
  endif()
  add_library(zks_test_support STATIC ${sources})
  zks_target_setup(zks_test_support SYSTEM)
  target_include_directories(zks_test_support PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  # Headers only: a test that uses a file of support brings the modules which that file needs.
  foreach(dep check sqlite uv quic sodium)
    target_include_directories(zks_test_support SYSTEM PRIVATE
      $<TARGET_PROPERTY:zks_dep_${dep},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
endfunction()

# zks_test_program(NAME SOURCES files LIBS targets): a C program of the tests
function(zks_test_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  add_executable(${name} ${arg_SOURCES})
  zks_target_setup(${name} SYSTEM)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  # Support before the modules that it uses.
  target_link_libraries(${name} PRIVATE zks_test_support ${arg_LIBS} zks_dep_check Threads::Threads)
  set_property(TARGET ${name} PROPERTY RUNTIME_OUTPUT_DIRECTORY ${ZKS_TEST_DIR})
endfunction()

# zks_test_wanted(OUT NAME): whether this kind of build has that test
function(zks_test_wanted out name)
  set(wanted ON)
  if(ZKS_SANITIZER AND name MATCHES "${ZKS_PLAIN_TESTS}")
    set(wanted OFF)
  elseif(ZKS_SANITIZER STREQUAL "thread" AND
      (NOT name MATCHES "${ZKS_THREAD_TESTS}" OR name MATCHES "${ZKS_NO_THREAD_TESTS}"))
    set(wanted OFF)
  endif()
  set(${out} ${wanted} PARENT_SCOPE)
endfunction()

# zks_test_register(NAME LABEL suite TIMEOUT seconds COMMAND ...)
# Those that may take long start first. Two processors of ctest's are half a core: what mostly waits
# takes one and begins early, so that it is never all that is left.
function(zks_test_register name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "COMMAND")
  zks_test_wanted(wanted ${name})
  if(NOT wanted)
    return()
  endif()
  math(EXPR timeout "${arg_TIMEOUT} * ${ZKS_SLOWER}")
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  set(processors 2)
  set(cost ${timeout})
  if(name MATCHES "${ZKS_WAITING_TESTS}")
    set(processors 1)
    math(EXPR cost "${cost} + 1000")
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${timeout} COST ${cost}
    PROCESSORS ${processors} ENVIRONMENT "${ZKS_TEST_ENVIRONMENT}" SKIP_RETURN_CODE 77)
endfunction()

# zks_script_test(SUITE FILE TIMEOUT seconds [ARGS ...]): a script of tests/SUITE
function(zks_script_test suite file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "TIMEOUT" "ARGS")
  get_filename_component(path ${PROJECT_SOURCE_DIR}/tests/${suite}/${file} ABSOLUTE)
  get_filename_component(stem ${file} NAME_WE)
  string(REGEX REPLACE "^test_" "" stem ${stem})
  set(runner)
  if(file MATCHES "\\.py$")
    set(runner python3)
  elseif(file MATCHES "\\.sh$")
    set(runner bash)
  endif()
  zks_test_register(${suite}_${stem} LABEL ${suite} TIMEOUT ${arg_TIMEOUT}
    COMMAND ${runner} ${path} ${arg_ARGS})
endfunction()

function(zks_unit_tests)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/*/test_*.c)
  foreach(file IN LISTS files)
    string(REGEX MATCH "unit/([^/]+)/test_([^/]+)\\.c$" match ${file})
    set(name unit_${CMAKE_MATCH_1}_${CMAKE_MATCH_2})
    zks_test_wanted(wanted ${name})
    if(NOT wanted)
      continue()
    endif()
    set(module zks_${CMAKE_MATCH_1})
    if(CMAKE_MATCH_1 STREQUAL "relay")
      set(module zks_relay_core)
    endif()
    if(NOT TARGET ${module})
      message(FATAL_ERROR "${file}: no module named ${CMAKE_MATCH_1}")
    endif()
    if(CMAKE_MATCH_1 STREQUAL "client")
      list(APPEND module zks_relay_core) # the other end of what is tested
    endif()
    zks_test_program(${name} SOURCES ${file} LIBS ${module})
    zks_test_register(${name} LABEL unit TIMEOUT 60 COMMAND ${name})
  endforeach()
endfunction()

# tests/unit/crypto/only<n>.c, with a src/crypto that has suite n alone: other builds than this one
# compile, link and do what they can.
function(zks_one_suite_tests)
  zks_sources(sources src/crypto)
  foreach(n 1 2)
    set(one OFF)
    set(two OFF)
    if(n EQUAL 1)
      set(one ON)
    else()
      set(two ON)
    endif()
    zks_test_wanted(wanted unit_crypto_only${n})
    if(NOT wanted OR (one AND NOT ZKS_SUITE1) OR (two AND NOT ZKS_SUITE2))
      continue()
    endif()
    add_library(zks_crypto_only${n} STATIC ${sources})
    zks_target_setup(zks_crypto_only${n})
    target_link_libraries(zks_crypto_only${n} PUBLIC zks_base zks_dep_sodium Threads::Threads)
    zks_suites(zks_crypto_only${n} ${one} ${two})
    set(name unit_crypto_only${n})
    zks_test_program(${name} SOURCES ${PROJECT_SOURCE_DIR}/tests/unit/crypto/only${n}.c
      LIBS zks_crypto_only${n})
    zks_test_register(${name} LABEL unit TIMEOUT 60 COMMAND ${name})
  endforeach()
endfunction()

# zks_suite(NAME TIMEOUT seconds LIBS targets): all tests of tests/NAME
function(zks_suite suite)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LIBS")
  zks_sources(sources tests/${suite})
  set(shared ${sources})
  list(FILTER shared EXCLUDE REGEX "/(test|prog)_[^/]+$")
  foreach(file IN LISTS sources)
    get_filename_component(stem ${file} NAME_WE)
    if(stem MATCHES "^test_(.+)$")
      set(name ${suite}_${CMAKE_MATCH_1})
      zks_test_wanted(wanted ${name})
      if(NOT wanted)
        continue()
      endif()
      zks_test_program(${name} SOURCES ${file} ${shared} LIBS ${arg_LIBS})
      zks_test_register(${name} LABEL ${suite} TIMEOUT ${arg_TIMEOUT} COMMAND ${name})
    elseif(stem MATCHES "^prog_.+$")
      zks_test_program(${suite}_${stem} SOURCES ${file} ${shared} LIBS ${arg_LIBS})
    endif()
  endforeach()
  file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${suite}/test_*.py
    ${PROJECT_SOURCE_DIR}/tests/${suite}/test_*.sh)
  foreach(file IN LISTS scripts)
    get_filename_component(file ${file} NAME)
    zks_script_test(${suite} ${file} TIMEOUT ${arg_TIMEOUT})
  endforeach()
endfunction()

# zks_again_approved(SUITE FILE... TIMEOUT seconds): scripts and programs of tests/SUITE (of
# tests/unit/<module>, where SUITE is unit_<module>) a second time, over groups of suite 2
# (ZKS_TEST_SUITE)
function(zks_again_approved suite)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "")
  if(NOT ZKS_SUITE2)
    return()
  endif()
  set(ZKS_TEST_ENVIRONMENT ${ZKS_TEST_ENVIRONMENT} ZKS_TEST_SUITE=approved)
  string(REGEX REPLACE "_.*" "" label ${suite})
  foreach(file IN LISTS arg_UNPARSED_ARGUMENTS)
    get_filename_component(stem ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "" stem ${stem})
    set(command python3 ${PROJECT_SOURCE_DIR}/tests/${suite}/${file})
    if(file MATCHES "\\.c$")
      set(command ${suite}_${stem})
    endif()
    zks_test_register(${suite}_${stem}_approved LABEL ${label} TIMEOUT ${arg_TIMEOUT}
      COMMAND ${command})
  endforeach()
endfunction()

# What packages hold. A test that needs build/package names the fixture `package`:
# set_tests_properties(<name> PROPERTIES FIXTURES_REQUIRED package)
function(zks_package_tests)
  zks_test_register(package_build LABEL package TIMEOUT 900
    COMMAND ${PROJECT_SOURCE_DIR}/scripts/package build)
  set_tests_properties(package_build PROPERTIES FIXTURES_SETUP package)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/package/test_*.py)
  foreach(file IN LISTS files)
    get_filename_component(file ${file} NAME)
    zks_script_test(package ${file} TIMEOUT 600)
    string(REGEX REPLACE "^test_(.*)\\.py$" "package_\\1" name ${file})
    set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED package)
  endforeach()
endfunction()

# zks_conformance(TIMEOUT seconds [LANGUAGES name...] [MIXED name...]): tests/conformance/run for each
# language, and with those of MIXED in one group
function(zks_conformance)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TIMEOUT" "LANGUAGES;MIXED")
  zks_sources(sources tests/conformance/c)
  zks_test_program(conformance_driver SOURCES ${sources} LIBS zks_shared zks_dep_jansson)
  set(ZKS_TEST_ENVIRONMENT ${ZKS_TEST_ENVIRONMENT} ZKS_SLOWER=${ZKS_SLOWER})
  set(run python3 ${PROJECT_SOURCE_DIR}/tests/conformance/run)
  foreach(language IN LISTS arg_LANGUAGES)
    zks_test_register(conformance_${language} LABEL conformance TIMEOUT ${arg_TIMEOUT}
      COMMAND ${run} --language ${language})
  endforeach()
  if(arg_MIXED)
    string(REPLACE ";" "," languages "${arg_MIXED}")
    zks_test_register(conformance_mixed LABEL conformance TIMEOUT ${arg_TIMEOUT}
      COMMAND ${run} --mixed --language ${languages})
    zks_script_test(conformance test_parity.py TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()

# tests/python/test_<x>.py: python_<x>, by pytest and with the package of this build.
function(zks_python_tests)
  set(ZKS_TEST_ENVIRONMENT ${ZKS_TEST_ENVIRONMENT} PYTHONDONTWRITEBYTECODE=1
    PYTHONPATH=${PROJECT_BINARY_DIR}/python)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/python/test_*.py)
  foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "" stem ${stem})
    zks_test_register(python_${stem} LABEL python TIMEOUT 600 COMMAND
      ${PROJECT_SOURCE_DIR}/tests/python/run ${ZKS_TOOLS_PYTHON} ${file})
  endforeach()
endfunction()

# zks_valgrind_tests(PROGRAM... TIMEOUT seconds): valgrind_<program> for each of these test programs,
# some cases of the Python package and the two programs, under memcheck: those that say the most in
# the time there is. tests/valgrind/all.py runs everything.
function(zks_valgrind_tests)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TIMEOUT" "")
  set(memcheck python3 ${PROJECT_SOURCE_DIR}/tests/valgrind/memcheck.py)
  foreach(name IN LISTS arg_UNPARSED_ARGUMENTS)
    zks_test_register(valgrind_${name} LABEL valgrind TIMEOUT ${arg_TIMEOUT}
      COMMAND ${memcheck} $<TARGET_FILE:${name}>)
  endforeach()
  zks_test_register(valgrind_programs LABEL valgrind TIMEOUT ${arg_TIMEOUT}
    COMMAND ${memcheck} --name programs python3 ${PROJECT_SOURCE_DIR}/tests/e2e/test_cli.py
      Secrets.test_nothing_secret_is_logged)
  set(ZKS_TEST_ENVIRONMENT ${ZKS_TEST_ENVIRONMENT} PYTHONDONTWRITEBYTECODE=1
    PYTHONPATH=${PROJECT_BINARY_DIR}/python)
  zks_test_register(valgrind_python LABEL valgrind TIMEOUT ${arg_TIMEOUT}
    COMMAND ${memcheck} --name python ${PROJECT_SOURCE_DIR}/tests/python/run ${ZKS_TOOLS_PYTHON}
      ${PROJECT_SOURCE_DIR}/tests/python/test_sync.py
      -k "resized or unclosed or cancels_its")
endfunction()

# tests/node/suite/<x>.test.mjs: node_<runtime>_<x> under Node, Bun and Deno; tests/node/test_<x>.py:
# node_<x>. All with the addon that node_build makes.
function(zks_node_tests)
  set(addon ${PROJECT_BINARY_DIR}/npm)
  set(ZKS_TEST_ENVIRONMENT ${ZKS_TEST_ENVIRONMENT} ZKS_NODE_ADDON=${addon}/zks.node NO_COLOR=1
    PYTHONDONTWRITEBYTECODE=1)
  zks_test_register(node_build LABEL node TIMEOUT 900
    COMMAND ${PROJECT_SOURCE_DIR}/scripts/package addon ${addon})
  set_tests_properties(node_build PROPERTIES FIXTURES_SETUP addon)
  set(names)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/node/suite/*.test.mjs)
  foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    foreach(runtime node bun deno)
      zks_test_register(node_${runtime}_${stem} LABEL node TIMEOUT 600
        COMMAND ${PROJECT_SOURCE_DIR}/tests/node/run ${runtime} ${file})
      list(APPEND names node_${runtime}_${stem})
    endforeach()
  endforeach()
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/node/test_*.py)
  foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "node_" name ${stem})
    zks_test_register(${name} LABEL node TIMEOUT 600 COMMAND python3 ${file})
    list(APPEND names ${name})
  endforeach()
  set_tests_properties(${names} PROPERTIES FIXTURES_REQUIRED addon)
endfunction()

# With libFuzzer in the fuzz preset; elsewhere with a main that replays the corpus.
function(zks_fuzz_targets)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
  foreach(file IN LISTS files)
    get_filename_component(target ${file} NAME_WE)
    string(REGEX REPLACE "^fuzz_" "" name ${target})
    if(ZKS_SANITIZER STREQUAL "fuzzer")
      zks_test_program(${target} SOURCES ${file} LIBS zks_all)
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      continue()
    endif()
    zks_test_wanted(wanted fuzz_replay_${name})
    if(wanted)
      zks_test_program(${target} SOURCES ${file} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c
        LIBS zks_all)
      zks_test_register(fuzz_replay_${name} LABEL fuzz TIMEOUT 120
        COMMAND ${target} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    endif()
  endforeach()
endfunction()

function(zks_bench_programs)
  zks_sources(sources tests/bench)
  set(shared ${sources})
  list(FILTER shared INCLUDE REGEX "/common[^/]*$")
  list(FILTER sources EXCLUDE REGEX "/common[^/]*$")
  foreach(file IN LISTS sources)
    get_filename_component(name ${file} NAME_WE)
    zks_test_program(bench_${name} SOURCES ${file} ${shared} LIBS zks_all)
  endforeach()
endfunction()

# Examples know what their readers know: the public header and libzks.so.
function(zks_examples)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c
    ${PROJECT_SOURCE_DIR}/examples/c/*.c)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    add_executable(example_${name} ${file})
    target_link_libraries(example_${name} PRIVATE zks_flags zks_shared)
    set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
  endforeach()
endfunction()
