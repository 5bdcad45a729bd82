# SPDX-License-Identifier: MIT OR Apache-2.0
# The Go package with the library of this build: build/<preset>/go/zks.pc says where that is, and
# the Go programs of the tests are built there. Without Go >= 1.23 there are none of them, and the
# tests say so.

# tests/go/test_<x>.sh, .py: go_<x>
zks_suite(go TIMEOUT 900 LIBS zks_shared)
set_tests_properties(go_module PROPERTIES FIXTURES_REQUIRED package)

set(ZKS_GO_DIR ${PROJECT_BINARY_DIR}/go)
file(WRITE ${ZKS_GO_DIR}/zks.pc "Name: zks
Description: libzks of this build
Version: ${PROJECT_VERSION}
Cflags: -I${PROJECT_SOURCE_DIR}/abi/include
Libs: -L${PROJECT_BINARY_DIR}/lib -lzks -Wl,-rpath,${PROJECT_BINARY_DIR}/lib
")

find_program(ZKS_GO go HINTS ${ZKS_TOOLS}/go/bin) # bootstrap's before the machine's
set(found "")
if(ZKS_GO)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env GOTOOLCHAIN=local ${ZKS_GO} env GOVERSION
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  string(REGEX REPLACE "^go" "" found "${found}")
endif()
if(NOT found VERSION_GREATER_EQUAL 1.23)
  message(STATUS "No Go programs for the tests: Go >= 1.23 is missing (scripts/bootstrap --test)")
  return()
endif()

# zks_go_program(NAME FOLDER): build/<preset>/go/NAME. Go itself knows what changed, but for what
# pkg-config says: CGO_LDFLAGS keeps the builds of two folders apart in its cache.
function(zks_go_program name folder)
  add_custom_target(go_${name} ALL VERBATIM
    COMMAND ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${ZKS_GO_DIR} CGO_ENABLED=1
      CGO_LDFLAGS=-Wl,-rpath,${PROJECT_BINARY_DIR}/lib GOTOOLCHAIN=local
      GOPROXY=off GOWORK=off GOFLAGS=-buildvcs=false ${ZKS_GO} build -o ${ZKS_GO_DIR}/${name} .
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/${folder})
  add_dependencies(go_${name} zks_shared)
endfunction()

zks_go_program(dump bindings/go/internal/dump)
zks_go_program(notes bindings/go/examples/notes)
zks_go_program(conformance tests/conformance/go)
zks_go_program(bench_local tests/bench/go)
