# SPDX-License-Identifier: MIT OR Apache-2.0
# ZKS_TOOLS: where scripts/bootstrap --test puts the tools of the packages' languages.
if(DEFINED ENV{ZKS_DEPS})
  set(ZKS_TOOLS $ENV{ZKS_DEPS}/tools)
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(ZKS_TOOLS $ENV{XDG_CACHE_HOME}/0k-sync/tools)
else()
  set(ZKS_TOOLS $ENV{HOME}/.cache/0k-sync/tools)
endif()

# The tests of the Python package need it built; a ThreadSanitizer would need a Python built for it.
set(ZKS_TOOLS_PYTHON ${ZKS_TOOLS}/python/bin/python)
if(ZKS_TESTS AND NOT ZKS_SANITIZER MATCHES "thread|fuzzer" AND NOT ZKS_COVERAGE AND
    EXISTS ${ZKS_TOOLS_PYTHON})
  set(Python_EXECUTABLE ${ZKS_TOOLS_PYTHON})
  set(ZKS_PYTHON ON)
endif()
if(ZKS_TESTS AND NOT ZKS_SANITIZER AND NOT ZKS_COVERAGE AND EXISTS ${ZKS_TOOLS}/node)
  set(ZKS_NODE ON)
endif()
