# SPDX-License-Identifier: MIT OR Apache-2.0
"""The lowest layer of the Python package, from the model (model.py).

    bindings/python/native/zks.cdef               what cffi reads: types and functions
    bindings/python/src/zerok_sync/_native.pyi      the same as types of Python
    bindings/python/src/zerok_sync/_constants.py    constants, grouped as in zks.h

A new group of constants gets its name in GROUPS below; render() says so when one is missing.
bindings/python/unbound.txt names the functions that are left out. What is ours in the extension
module beside zks.h stands in bindings/python/native/glue.cdef and native.pyi.in.
"""

import textwrap
from pathlib import Path

from model import LICENCE

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "bindings/python"
MADE = "Made by abi/gen/abi.py from zks.h: do not edit."
COLUMNS = 99

# What the constants of a group have in common -> name and kind of its class here.
GROUPS = {
    "ZKS_E_": ("Status", "IntEnum"),
    "ZKS_CLASS_": ("StatusClass", "IntEnum"),
    "ZKS_LOG_": ("LogLevel", "IntEnum"),
    "ZKS_OPTION_": ("Option", "IntEnum"),
    "ZKS_SUITE_ID_": ("Suite", "IntEnum"),
    "ZKS_GROUP_KIND_": ("GroupKind", "IntEnum"),
    "ZKS_CREATE_": ("CreateFlag", "IntFlag"),
    "ZKS_RIGHT_": ("Right", "IntFlag"),
    "ZKS_PAIR_KIND_": ("PairKind", "IntEnum"),
    "ZKS_REVOKE_": ("RevokeReason", "IntEnum"),
    "ZKS_STORE_KEY_": ("StoreKeyKind", "IntEnum"),
    "ZKS_PUSH_": ("PushFlag", "IntFlag"),
    "ZKS_READ_": ("ReadFlag", "IntFlag"),
    "ZKS_ITEM_": ("ItemFlag", "IntFlag"),
    "ZKS_OP_": ("OpField", "IntEnum"),
    "ZKS_EVENT_FIELD_": ("EventField", "IntEnum"),
    "ZKS_EVENT_": ("EventKind", "IntEnum"),
    "ZKS_STATE_": ("State", "IntEnum"),
    "ZKS_REPORT_RELAY_": ("RelayField", "IntEnum"),
    "ZKS_REPORT_": ("ReportField", "IntEnum"),
    "ZKS_DEVICES_": ("DeviceField", "IntEnum"),
    "ZKS_INVITE_": ("InviteField", "IntEnum"),
    "ZKS_RENDER_": ("Render", "IntEnum"),
}
# Groups that stay plain numbers of the module, by their first constant.
PLAIN = ("ZKS_ABI_VERSION_MAJOR", "ZKS_SIZE_SECRET")
OUTSIDE = {"ZKS_OK": "ZKS_E_OK"}  # constants without the prefix of their group

INTEGERS = ("int32_t", "int64_t", "uint8_t", "uint32_t", "uint64_t", "size_t", "zks_status")


def wrapped(text, prefix):
    """A text of any number of lines as comment lines."""
    return [line for paragraph in text.split("\n")
            for line in textwrap.wrap(paragraph, COLUMNS, initial_indent=prefix,
                                      subsequent_indent=prefix)]


def bound(model):
    """The functions that are not in unbound.txt."""
    lines = (ROOT / FOLDER / "unbound.txt").read_text(encoding="utf-8").splitlines()
    left_out = {line.split("|")[0].strip() for line in lines}
    return [f for f in model["functions"] if f["name"] not in left_out]


# --- cffi ---------------------------------------------------------------------------------------


def declarator(type_, name):
    return f"{type_}{name}" if type_.endswith("*") else f"{type_} {name}"


def parameters(params):
    return ", ".join(declarator(p["type"], p["name"]) for p in params) or "void"


def cdef(model):
    lines = [f"/* {LICENCE} */", f"/* {MADE} */"]
    lines += [f"typedef struct {h['name']} {h['name']};" for h in model["handles"]]
    lines += [f"typedef {t['is']} {t['name']};" for t in model["types"]]
    lines += [f"typedef {c['returns']} (*{c['name']})({parameters(c['params'])});"
              for c in model["callbacks"]]
    for f in bound(model):
        lines += textwrap.wrap(
            f"{declarator(f['returns'], f['name'])}({parameters(f['params'])});", COLUMNS,
            subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines) + "\n"


# --- types of Python ----------------------------------------------------------------------------


def python_type(type_, kind=""):
    if type_ == "void":
        return "None"
    if type_ in INTEGERS:
        return "int"
    return "bytes | _CData" if kind in ("text", "bytes") else "_CData"


def stub_function(name, returns, params):
    # Arguments go by position: the names are those of C.
    names = [f"{p['name']}: {python_type(p['type'], p['kind'])}" for p in params]
    names = ["self", *names, "/"] if names else ["self"]
    text = f"    def {name}({', '.join(names)}) -> {returns}: ..."
    if len(text) <= COLUMNS:
        return [text]
    return [f"    def {name}(", *[f"        {n}," for n in names], f"    ) -> {returns}: ..."]


def stub(model):
    lines = [f"# {LICENCE}", f"# {MADE}"]
    lines += (ROOT / FOLDER / "native/native.pyi.in").read_text(encoding="utf-8").splitlines()[1:]
    for f in bound(model):
        lines += stub_function(f["name"], python_type(f["returns"]), f["params"])
    return "\n".join(lines) + "\n"


# --- constants ----------------------------------------------------------------------------------


def group_of(names):
    """The prefix in GROUPS that these constants share."""
    fitting = [prefix for prefix in GROUPS
               if all(OUTSIDE.get(name, name).startswith(prefix) for name in names)]
    if not fitting:
        raise SystemExit(f"abi/gen/python.py: the group of {names[0]} has no name in GROUPS")
    return max(fitting, key=len)


def members(constants, prefix, indent):
    lines = []
    for c in constants:
        if c["doc"]:
            lines += wrapped(c["doc"], f"{indent}# ")
        lines.append(f"{indent}{OUTSIDE.get(c['name'], c['name'])[len(prefix):]} = {c['value']}")
    return lines


def doc_string(text):
    lines = textwrap.wrap(text, COLUMNS - 8)
    if len(lines) == 1:
        return [f'    """{lines[0]}"""', ""]
    return [f'    """{lines[0]}', *[f"    {line}" for line in lines[1:]], '    """', ""]


def constants(model):
    classes, plain, table, names = [], [], [], []
    for enum in model["enums"]:
        if enum["constants"][0]["name"] in PLAIN:
            plain += ["", *wrapped(enum["doc"], "# "), *members(enum["constants"], "ZKS_", "")]
            names += [c["name"][len("ZKS_"):] for c in enum["constants"]]
            continue
        prefix = group_of([c["name"] for c in enum["constants"]])
        name, kind = GROUPS[prefix]
        names.append(name)
        table.append(f'    "{prefix}": {name},')
        classes += ["", "", f"class {name}({kind}):", *doc_string(enum["doc"]),
                    *members(enum["constants"], prefix, "    ")]
    exported = [f'    "{name}",' for name in sorted(names, key=lambda n: (not n.isupper(), n))]
    return "\n".join([
        f"# {LICENCE}", f'"""The constants of zks.h without ZKS_. {MADE}"""', "",
        "from enum import IntEnum, IntFlag", "", "__all__ = [", *exported, "]", *plain, *classes,
        "", "", "# What the names of a class begin with in zks.h.",
        "PREFIXES: dict[str, type[IntEnum] | type[IntFlag]] = {", *table, "}"]) + "\n"


def render(model):
    source = f"{FOLDER}/src/zerok_sync"
    return {
        f"{FOLDER}/native/zks.cdef": cdef(model),
        f"{source}/_native.pyi": stub(model),
        f"{source}/_constants.py": constants(model),
    }
