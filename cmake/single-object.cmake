# SPDX-License-Identifier: MIT OR Apache-2.0
# cmake -DARCHIVE=libzks.a -DPARTS=a.a,b.a -DSYMBOLS=symbols.txt -DCC= -DOBJCOPY= -DAR= -P this:
# replaces libzks.a by one object with all of it and what it needs of the parts, in which only the
# functions of symbols.txt are global.
file(STRINGS ${SYMBOLS} lines REGEX "^zks_")
list(TRANSFORM lines REPLACE " .*" "" OUTPUT_VARIABLE public)
list(JOIN public "\n" text)
file(WRITE ${ARCHIVE}.public "${text}\n")
list(TRANSFORM public PREPEND "-Wl,-u,")
string(REPLACE "," ";" PARTS "${PARTS}")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# -u names what is needed; the linker drops the sections that nothing reaches from there.
run(${CC} -r -nostdlib -Wl,--gc-sections ${public} -o ${ARCHIVE}.o
  -Wl,--start-group ${ARCHIVE} ${PARTS} -Wl,--end-group)
run(${OBJCOPY} --keep-global-symbols=${ARCHIVE}.public --strip-unneeded ${ARCHIVE}.o)
file(REMOVE ${ARCHIVE})
run(${AR} rcs ${ARCHIVE} ${ARCHIVE}.o)
file(REMOVE ${ARCHIVE}.o ${ARCHIVE}.public)
