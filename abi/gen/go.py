# SPDX-License-Identifier: MIT OR Apache-2.0
"""The generated part of the Go package (bindings/go): constants, the SWIG interface, and what SWIG
makes of it.

A parameter's kind decides its Go type; `TYPEMAPS` is the whole translation. SWIG's output is
committed, so that nobody needs SWIG to build the package. It is made again, and compared, where the
SWIG for which it was made is installed; elsewhere a line on stderr says that it was left as it is.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from model import HEADER

import go_constants

RAW = "bindings/go/internal/raw/"
SWIG = "4.1"
NOTE = "Made by abi/gen/abi.py from zks.h: do not edit."
LICENCE = "SPDX-License-Identifier: MIT OR Apache-2.0"

# callback type -> (trampoline, what frees its user); user is a cgo.Handle, or a pipe for the log.
CALLBACKS = {
    "zks_event_fn": ("zksgo_event", "zksgo_release"),
    "zks_store_key_fn": ("zksgo_store_key", "zksgo_release"),
    "zks_log_fn": ("zksgo_log", "zksgo_log_end"),
    "zks_wake_fn": ("NULL", "NULL"),  # the queue's descriptor is enough
}

NUMBERS = {"int32_t": "int32", "uint32_t": "uint32", "int64_t": "int64", "uint64_t": "uint64",
           "size_t": "uintptr", "uint8_t": "byte"}

MACROS = """\
/* A number keeps its width. A pointer to one stays a pointer: what C wrote or owns. */
%define ZKS_NUMBER(C, GO)
%typemap(gotype) C "GO"
%typemap(in) C %{ $1 = ($1_ltype)$input; %}
%typemap(out) C %{ $result = $1; %}
%typemap(goout) C ""
%typemap(gotype) C *, const C * "*GO"
%typemap(in) C *, const C * %{ $1 = ($1_ltype)$input; %}
%typemap(out) const C * %{ $result = (void *)$1; %}
%typemap(goout) const C * ""
%enddef

/* A handle is the address as a number: the garbage collector never follows it. */
%define ZKS_HANDLE(C, GO)
%typemap(gotype) C *, const C * "GO"
%typemap(imtype) C *, const C * "uintptr"
%typemap(goin) C *, const C * "$result = uintptr($input)"
%typemap(in) C *, const C * %{ $1 = ($1_ltype)$input; %}
%typemap(gotype) C ** "*GO"
%typemap(imtype) C ** "*uintptr"
%typemap(goin) C ** "$result = (*uintptr)($input)"
%typemap(in) C ** %{ $1 = ($1_ltype)$input; %}
%enddef

/* Memory of Go with its length: nil is NULL. */
%define ZKS_SLICE(POINTER, LENGTH, GO)
%typemap(gotype) (POINTER, LENGTH) "GO"
%typemap(in) (POINTER, LENGTH) %{ $1 = ($1_ltype)$input.array; $2 = (size_t)$input.len; %}
%enddef
%define ZKS_SLICE_BEHIND(LENGTH, POINTER, GO)
%typemap(gotype) (LENGTH, POINTER) "GO"
%typemap(in) (LENGTH, POINTER) %{ $1 = (size_t)$input.len; $2 = ($2_ltype)$input.array; %}
%enddef

/* A callback with its user: a number that the trampoline understands; 0 is none. */
%define ZKS_CALLBACK(FN, USER, FREE, TRAMPOLINE, RELEASE)
%typemap(gotype) (FN, USER, FREE) "uintptr"
%typemap(in) (FN, USER, FREE) %{
  $1 = $input ? TRAMPOLINE : NULL; $2 = (void *)$input; $3 = $input ? RELEASE : NULL;
%}
%enddef

/* A text that C ends with NUL is read by Text() before C frees it; one for C is made by CText(). */
%typemap(gotype) const char * "*byte"
%typemap(in) const char * %{ $1 = ($1_ltype)$input; %}
%typemap(freearg) const char * ""
%typemap(out) const char * %{ $result = ($1_ltype)$1; %}
%typemap(goout) const char * ""
%typemap(gotype) const char ** "**byte"
%typemap(in) const char ** %{ $1 = ($1_ltype)$input; %}

/* An operation: see Call. Token 0 starts it without a callback, nil also without a reference. */
%typemap(gotype) (zks_done_fn done, void *user, zks_op **out_op) "*Call"
%typemap(in) (zks_done_fn done, void *user, zks_op **out_op) %{
  zksgo_call *call = (zksgo_call *)$input;
  $1 = call && call->token ? zksgo_done : NULL;
  $2 = call ? (void *)(uintptr_t)call->token : NULL;
  $3 = call ? &call->op : NULL;
%}
"""


def camel(name):
    """zks_client_push -> ClientPush"""
    return "".join(part.capitalize() for part in name.removeprefix("zks_").split("_"))


def slices(model):
    """The typemap of each pair of memory and length that occurs, once."""
    lines = set()
    for function in model["functions"]:
        names = [param["name"] for param in function["params"]]
        for param in function["params"]:
            if param["kind"] not in ("bytes", "text", "out_bytes", "lengths") or not param["size"]:
                continue
            go = "[]uintptr" if param["kind"] == "lengths" else "[]byte"
            pointer, length = f"{param['type']}{param['name']}", f"size_t {param['size']}"
            if names.index(param["size"]) < names.index(param["name"]):
                lines.add(f"ZKS_SLICE_BEHIND({length}, {pointer}, {go})")
            else:
                lines.add(f"ZKS_SLICE({pointer}, {length}, {go})")
    return sorted(lines)


def callbacks(model):
    """The typemap of each registration that occurs: (fn, user, user_free)."""
    lines = set()
    for function in model["functions"]:
        for at, param in enumerate(function["params"]):
            if param["type"] in CALLBACKS:
                triple = [f"{p['type']} {p['name']}".replace("* ", "*")
                          for p in function["params"][at : at + 3]]
                lines.add(f"ZKS_CALLBACK({', '.join([*triple, *CALLBACKS[param['type']]])})")
            elif param["kind"] == "callback" and param["type"] != "zks_done_fn":
                raise SystemExit(f"go.py: no trampoline for {param['type']}")
    return sorted(lines)


def interface(model):
    """zks.i: the typemaps, then the header itself."""
    parts = [f"/* {LICENCE} */", f"/* {NOTE} */", "%module raw", "%{", '#include "trampolines.h"',
             "%}", "#define ZKS_API", "#define ZKS_MUST_USE", "", MACROS]
    parts += [f"ZKS_NUMBER({c}, {go})" for c, go in NUMBERS.items()]
    parts += [f"ZKS_HANDLE({handle['name']}, {camel(handle['name'])})"
              for handle in model["handles"]]
    parts += slices(model) + callbacks(model)
    parts += ["", "/* Constants are Go's own: constants.go. */",
              '%rename("$ignore", %$isenumitem) "";', '%rename("$ignore", %$isenum) "";']
    parts += [f"%rename({camel(function['name'])}) {function['name']};"
              for function in model["functions"]]
    return "\n".join([*parts, "", '%include "zks.h"', ""])


def swig_version():
    if not shutil.which("swig"):
        return None
    text = subprocess.run(["swig", "-version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"SWIG Version (\d+\.\d+)", text)[1]


def marked(text, opening):
    """SWIG's text with our first lines and without white space at line ends."""
    body = "\n".join(line.rstrip() for line in text.split("\n"))
    return f"{opening}\n{body.rstrip()}\n"


def swig(interface_text, header_text):
    """SWIG's two files, or nothing where the right SWIG is not installed."""
    version = swig_version()
    if version != SWIG:
        found = f"SWIG {version} is installed" if version else "SWIG is not installed"
        print(f"go.py: {found}, not {SWIG}: its output is left as it is", file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "zks.i").write_text(interface_text, encoding="utf-8")
        (place / "zks.h").write_text(header_text, encoding="utf-8")
        subprocess.run(["swig", "-go", "-cgo", "-intgosize", "64", "-DSWIGWORDSIZE64", "-package",
                        "raw", "-module", "zks", "zks.i"], cwd=place, check=True)
        made = "made by SWIG from zks.i: do not edit."
        return {
            RAW + "zks.go": marked((place / "zks.go").read_text(encoding="utf-8"),
                                   f"// {LICENCE}\n// Code generated by SWIG from zks.i. "
                                   "DO NOT EDIT.\n"),
            RAW + "zks_wrap.c": marked((place / "zks_wrap.c").read_text(encoding="utf-8"),
                                       f"/* {LICENCE} */\n/* {made[0].upper()}{made[1:]} */"),
        }


def handles(model):
    """handles.go: a type for each handle."""
    lines = [f"// {LICENCE}", "// Code generated by abi/gen/abi.py from zks.h. DO NOT EDIT.", "",
             "package raw", ""]
    for handle in model["handles"]:
        lines += [f"// {camel(handle['name'])} is a zks handle: {handle['doc']}.",
                  f"type {camel(handle['name'])} uintptr", ""]
    return "\n".join(lines).rstrip() + "\n"


def functions(model):
    """functions.go: each C function with its Go function, for the parity test."""
    rows = [(f'"{function["name"]}":', camel(function["name"])) for function in model["functions"]]
    width = max(len(name) for name, _ in rows)
    lines = [f"// {LICENCE}", "// Code generated by abi/gen/abi.py from zks.h. DO NOT EDIT.", "",
             "//go:build cgo", "", "package raw", "", "// Functions are the C functions that this package binds.",
             "var Functions = map[string]any{"]
    lines += [f"\t{name:<{width}} {go}," for name, go in rows]
    return "\n".join([*lines, "}", ""])


def render(model):
    header = HEADER.read_text(encoding="utf-8")
    text = interface(model)
    return {
        RAW + "zks.h": header,
        RAW + "zks.i": text,
        RAW + "handles.go": handles(model),
        RAW + "functions.go": functions(model),
        **go_constants.render(model),
        **swig(text, header),
    }
