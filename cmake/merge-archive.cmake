# SPDX-License-Identifier: MIT OR Apache-2.0
# cmake -DAR=ar -DINTO=a.a -DFROM=b.a -P merge-archive.cmake: adds b's members to a.
# Of ar's script language GNU's and LLVM's tool have only these commands in common.
file(WRITE ${INTO}.mri "CREATE ${INTO}.new\nADDLIB ${INTO}\nADDLIB ${FROM}\nSAVE\nEND\n")
execute_process(COMMAND ${AR} -M INPUT_FILE ${INTO}.mri RESULT_VARIABLE failed)
file(REMOVE ${INTO}.mri)
if(failed)
  message(FATAL_ERROR "${AR} could not add ${FROM} to ${INTO}")
endif()
file(RENAME ${INTO}.new ${INTO})
