# SPDX-License-Identifier: MIT OR Apache-2.0
# Language, warnings, hardening and sanitizers: one interface target, zks_flags,
# that every target of ours links privately.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
# Asserts stay: they guard the engine's own invariants and cost nothing measurable.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

# No -Wformat-truncation: texts for people are cut to their buffers on purpose, by snprintf.
add_library(zks_flags INTERFACE)
target_compile_options(zks_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
  $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>
  -fstack-protector-strong -fno-strict-aliasing $<$<BOOL:${ZKS_WERROR}>:-Werror>)
target_link_options(zks_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

if(ZKS_COVERAGE)
  target_compile_options(zks_flags INTERFACE --coverage)
  target_link_options(zks_flags INTERFACE --coverage)
else()
  # No path of the machine that builds ends up in what is built. ccache makes paths relative.
  file(RELATIVE_PATH zks_up ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})
  target_compile_options(zks_flags INTERFACE
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -ffile-prefix-map=${PROJECT_BINARY_DIR}=build
    -ffile-prefix-map=${zks_up}=)
endif()

set(zks_sanitize_address -fsanitize=address,undefined -fno-sanitize-recover=all)
set(zks_sanitize_thread -fsanitize=thread)
set(zks_sanitize_fuzzer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
if(ZKS_SANITIZER)
  # Half the time to compile; line numbers are all that a report prints. What is never initialised
  # the plain build tells, which sees more.
  set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O1 -g1")
  if(NOT DEFINED zks_sanitize_${ZKS_SANITIZER})
    message(FATAL_ERROR "ZKS_SANITIZER is '${ZKS_SANITIZER}'; it may be address, thread or fuzzer")
  endif()
  # gcc 12's stack protector moves variables in the frames of AddressSanitizer's
  # detect_stack_use_after_return: what asks for 64 bytes of alignment gets 32.
  target_compile_options(zks_flags INTERFACE ${zks_sanitize_${ZKS_SANITIZER}} -fno-omit-frame-pointer
    -fno-stack-protector $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(zks_flags INTERFACE ${zks_sanitize_${ZKS_SANITIZER}})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  # -U: some distributions' compilers set a level of their own.
  target_compile_options(zks_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
