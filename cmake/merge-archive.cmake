# SPDX-License-Identifier: MIT OR Apache-2.0
# cmake -DAR=ar -DINTO=a.a -DFROM=b.a -P merge-archive.cmake: adds b's members to a
file(WRITE ${INTO}.mri "OPEN ${INTO}\nADDLIB ${FROM}\nSAVE\nEND\n")
execute_process(COMMAND ${AR} -M INPUT_FILE ${INTO}.mri RESULT_VARIABLE failed)
file(REMOVE ${INTO}.mri)
if(failed)
  message(FATAL_ERROR "${AR} could not add ${FROM} to ${INTO}")
endif()
