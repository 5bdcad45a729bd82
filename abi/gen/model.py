# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads abi/include/zks/zks.h and abi/symbols.txt into plain data: what abi.json holds.

The header keeps to a form that needs no C parser: a comment before what it describes, one
declaration at a time, no macro in it but ZKS_API and ZKS_MUST_USE. Whether it is read rightly shows
where the packages are built: cffi compiles the declarations made of it against the header itself.

A parameter's kind says what a binding has to do with it:
  handle, out_handle    an opaque object, borrowed; one that the function makes
  bytes, text           borrowed input; `size` names the parameter with its length, or is null where
                        the length is fixed (the text says) or a NUL ends the text
  length                of the bytes or text before it
  lengths               an array of size_t, `size` names its count
  out_bytes             memory of the caller that is written to
  number, out_number    a scalar; one that is written
  out_text              receives a borrowed text
  callback, user, user_free  a function, what it is passed, and the last call for that
"""

import pathlib
import re

ABI = pathlib.Path(__file__).resolve().parent.parent
HEADER = ABI / "include" / "zks" / "zks.h"
LICENCE = "SPDX-License-Identifier: MIT OR Apache-2.0"  # of every file that is made
SCALARS = ("int32_t", "int64_t", "uint32_t", "uint64_t", "size_t", "zks_status")

COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"
FUNCTION = re.compile(
    rf"(?P<comment>{COMMENT})\s*"
    r"ZKS_API\s+(?P<must>ZKS_MUST_USE\s+)?(?P<returns>[\w\s]+?[\s*]+)(?P<name>zks_\w+)"
    r"\s*\((?P<params>[^()]*)\)\s*;"
)
CALLBACK = re.compile(
    rf"(?P<comment>{COMMENT})\s*"
    r"typedef\s+(?P<returns>\w+)\s+\(\*(?P<name>zks_\w+_fn)\)\((?P<params>[^()]*)\)\s*;"
)


def without_comments(text):
    return re.sub(COMMENT, " ", text)


def functions(text):
    """Names of the functions that the header declares, in its order."""
    bare = re.sub(r"typedef[^;]*;", "", without_comments(text))
    return re.findall(r"\b(zks_\w+)\s*\([^()]*\)\s*;", bare)


def constants(text):
    """(name, value) of every enumerator, in the header's order. Each must have a written value."""
    return [(item["name"], item["value"]) for item in all_constants({"enums": enums(text)})]


def all_constants(model):
    """Every constant of a model, in the header's order."""
    return [item for enum in model["enums"] for item in enum["constants"]]


def symbols():
    """(symbol, since, deprecated) of symbols.txt."""
    rows = []
    for number, line in enumerate((ABI / "symbols.txt").read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != 3 or not re.fullmatch(r"zks_\w+", fields[0]):
            raise SystemExit(f"symbols.txt:{number}: not of the form 'symbol | since | deprecated'")
        rows.append(tuple(fields))
    return rows


def prose(comment):
    """A comment's lines without its marks."""
    lines = [re.sub(r"^\s*\*? ?", "", line) for line in comment[2:-2].split("\n")]
    lines[0] = lines[0].strip()
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def one_line(comment):
    return " ".join(prose(comment).split())


# --- enumerators ------------------------------------------------------------------------------


def _enumerators(body):
    """The items of an enum: a comment belongs to the item on its line, or else to the next one."""
    found, waiting = [], ""
    for piece in re.finditer(rf"(?P<comment>{COMMENT})|(?P<item>[^,/]+?)(?=\s*(?:,|/\*|$))", body):
        if piece["comment"]:
            line_before = body[: piece.start()].rsplit("\n", 1)[-1]
            if found and line_before.strip():
                found[-1]["doc"] = one_line(piece["comment"])
            else:
                waiting = one_line(piece["comment"])
            continue
        item = piece["item"].strip()
        if not item:
            continue
        match = re.fullmatch(r"(ZKS_\w+)\s*=\s*(-?(?:0x[0-9a-f]+|\d+))", item)
        if not match:
            raise SystemExit(f"zks.h: the enumerator '{item}' has no plain number")
        found.append({"name": match[1], "value": int(match[2], 0), "doc": waiting})
        waiting = ""
    return found


def enums(text):
    """Each enum with the comment before it. A comment that stands alone on its line inside the enum
    and is no item's own opens a part of it, and is taken for the next item's."""
    return [
        {"doc": one_line(match[1]), "constants": _enumerators(match[2])}
        for match in re.finditer(rf"({COMMENT})\s*enum\s*\{{(.*?)\}}\s*;", text, flags=re.S)
    ]


# --- functions --------------------------------------------------------------------------------


def _split(declaration):
    """'const uint8_t *data' -> ('const uint8_t *', 'data')"""
    match = re.fullmatch(r"(.*?[\s*])(\w+)", " ".join(declaration.split()))
    return match[1].strip(), match[2]


def _param_docs(text):
    """name -> description, of the lines `name, name  description` and those indented below them."""
    docs, names = {}, []
    for line in text.split("\n"):
        match = re.match(r"((?:[a-z_]+, )*[a-z_]+) {2,}(\S.*)", line)
        if match:
            names = match[1].split(", ")
            docs.update({name: match[2] for name in names})
        elif line.startswith("  ") and names:
            for name in names:
                docs[name] += " " + line.strip()
        else:
            names = []
    return docs


def _kind(type_, name):
    if type_.endswith("_fn"):
        return "user_free" if name == "user_free" else "callback"
    if name == "user":
        return "user"
    if re.fullmatch(r"(const )?zks_\w+ \*", type_):
        return "handle"
    if re.fullmatch(r"zks_\w+ \*\*", type_):
        return "out_handle"
    by_type = {"const uint8_t *": "bytes", "uint8_t *": "out_bytes", "const char *": "text",
               "const char **": "out_text", "const size_t *": "lengths"}
    if type_ in by_type:
        return by_type[type_]
    if type_ in SCALARS:
        return "number"
    if type_.endswith(" *") and type_[:-2] in SCALARS:
        return "out_number"
    raise SystemExit(f"zks.h: no kind for the parameter '{type_} {name}'")


def _sizes(params):
    """Finds the length of each bytes and text: '<its name>_length', or 'length', 'count', or
    'capacity' beside it."""
    names = [param["name"] for param in params]
    for at, param in enumerate(params):
        if param["kind"] not in ("bytes", "text", "lengths", "out_bytes"):
            continue
        near = {"lengths": ["count"], "out_bytes": ["capacity"]}.get(param["kind"], ["length"])
        beside = names[at - 1 : at + 2] if param["kind"] == "out_bytes" else names[at + 1 : at + 2]
        wanted = [param["name"] + "_length", *near]
        param["size"] = next((name for name in beside if name in wanted), None)
        if param["size"] and param["kind"] in ("bytes", "text"):
            params[names.index(param["size"])]["kind"] = "length"


def _params(text, docs):
    if text.strip() == "void":
        return []
    params = []
    for declaration in text.split(","):
        type_, name = _split(declaration)
        params.append({"name": name, "type": type_, "kind": _kind(type_, name),
                       "doc": docs.get(name, "")})
    _sizes(params)
    return params


def _function(match, section, since):
    text = prose(match["comment"])
    names = [part.split()[-1].lstrip("*") for part in match["params"].split(",")]
    thread = "callback" if "In its callback only" in text else \
        "one" if "One thread at a time" in text else "any"
    return {
        "name": match["name"], "section": section, "since": since[match["name"]],
        "returns": " ".join(match["returns"].split()), "must_use": bool(match["must"]),
        "operation": "out_op" in names and "done" in names, "thread": thread,
        "in_callbacks": "not in callbacks" not in text.lower(),
        "params": _params(match["params"], _param_docs(text)), "doc": text,
    }


def _functions(text):
    since = {name: release for name, release, _ in symbols()}
    found = []
    for part in re.split(r"^/\* --- ", text, flags=re.M)[1:]:
        section = part.split(" ---")[0].strip()
        found += [_function(match, section, since) for match in FUNCTION.finditer(part)]
    return found


def _handles(text, declared):
    rows = re.findall(r"typedef struct \w+ (zks_\w+);\s*/\* (.*?) \*/", text)
    return [{"name": name, "doc": doc,
             "free": name + "_free" if name + "_free" in declared else None} for name, doc in rows]


def read():
    """The whole interface."""
    text = HEADER.read_text()
    declared = functions(text)
    model = {
        "handles": _handles(text, declared),
        "types": [{"name": "zks_status", "is": "int32_t"}],
        "callbacks": [
            {"name": match["name"], "returns": match["returns"], "doc": one_line(match["comment"]),
             "params": _params(match["params"], {})}
            for match in CALLBACK.finditer(text)
        ],
        "enums": enums(text),
        "functions": _functions(text),
    }
    values = {item["name"]: item["value"] for item in all_constants(model)}
    parts = ("MAJOR", "MINOR", "PATCH")
    version = ".".join(str(values[f"ZKS_ABI_VERSION_{part}"]) for part in parts)
    missed = set(declared) - {function["name"] for function in model["functions"]}
    if missed:
        raise SystemExit(f"zks.h: not understood: {', '.join(sorted(missed))}")
    return {"version": version, **model}
