# SPDX-License-Identifier: MIT OR Apache-2.0
"""The lowest layer of the npm package: bindings/node/native/generated.c, one Node-API function for
each function of zks.h, and what describes it (lib/native.d.cts) and lists it (unbound.txt).

What a function looks like in JavaScript follows from its parameters' kinds: borrowed input and
numbers are arguments, in their order (a length follows from its bytes); results are returned, as an
array where there are several; a failure is thrown. An operation takes a token last, which the
callbacks object given to start() gets back when it is done. HAND lists what is written by hand in
bindings/node/native, UNBOUND what is left out.
"""

import re
import textwrap

from model import LICENCE, all_constants

MADE = "Made by abi/gen/abi.py: do not edit."
COLUMNS = 100

# JavaScript's name -> (C function, functions of zks.h, its type)
HAND = {
    "start": ("zn_start", "zks_runtime_new zks_runtime_free zks_queue_new zks_queue_dispatch "
              "zks_queue_free", "(callbacks: Callbacks): [Handle, Handle]"),
    "hold": ("zn_hold", "", "(alive: number): void"),
    "setLog": ("zn_set_log", "zks_runtime_set_log", "(level: number): void"),
    "configSetEvents": ("zn_config_set_events", "zks_config_set_events",
                        "(config: Handle, token: number): void"),
    "configSetStoreKeyFn": ("zn_config_set_store_key_fn", "zks_config_set_store_key_fn",
                            "(config: Handle, token: number): void"),
    "storeKeyAnswer": ("zn_store_key_answer", "",
                       "(request: Handle, status: number, key: Uint8Array | null): void"),
    "secretDeriveAsync": ("zn_secret_derive_async", "zks_secret_derive",
                          "(passphrase: string, salt: Uint8Array): Promise<[Buffer, Buffer]>"),
    "batchTake": ("zn_batch_take", "zks_op_take_batch zks_batch_count zks_batch_data "
                  "zks_batch_offsets zks_batch_seqs zks_batch_times_ms zks_batch_numbers "
                  "zks_batch_flags zks_batch_ids zks_batch_senders zks_batch_free",
                  "(op: Handle): [number, Buffer, Float64Array, Buffer, Buffer] | null"),
    "pushTake": ("zn_push_take", "zks_op_number zks_op_bytes",
                 "(op: Handle): [number, number, string]"),
}
BOTH_WAYS = {"zks_secret_derive", "zks_op_number", "zks_op_bytes"}
UNBOUND = {
    "zks_runtime_close": "waits; an environment must not: closing a client is an operation",
    "zks_op_wait": "waits; an environment must not: operations are promises",
    "zks_queue_fd": "the wake of the queue is a thread-safe function of Node-API",
}
SCALARS = {  # C type -> (reader, TypeScript)
    "int32_t": "zn_int32", "uint32_t": "zn_uint32", "int64_t": "zn_int64",
    "uint64_t": "zn_uint64", "size_t": "zn_uint64", "zks_status": "zn_int32",
}


def js_name(name):
    """zks_client_push -> clientPush"""
    first, *rest = name.removeprefix("zks_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def box_kind(type_):
    """'const zks_op *' -> 'ZN_OP'"""
    return "ZN_" + re.search(r"zks_(\w+)", type_)[1].upper()


def fixed_size(text):
    """The constant in '... ZKS_SIZE_DEVICE_ID bytes ...'."""
    match = re.search(r"(ZKS_SIZE_\w+) bytes", " ".join(text.split()))
    if not match:
        raise SystemExit(f"node.py: no size in '{text}'")
    return match[1]


class Function:
    """One C function on its way to JavaScript."""

    def __init__(self, model):
        self.model = model
        self.declare, self.read, self.call, self.results, self.args = [], [], [], [], []
        self.render_call = False
        self.relay = model["operation"] and model["name"].startswith("zks_relay_")
        for param in model["params"]:
            getattr(self, "param_" + param["kind"])(param)

    def argument(self, param, type_):
        self.args.append((param["name"], type_))
        return len(self.args) - 1

    # Each parameter: what is declared and read before the call, passed, and returned.

    def param_handle(self, param):
        at = self.argument(param, "Handle")
        taker = "zn_take" if param is self.model["params"][0] and self.is_free() else "zn_handle"
        self.read.append(f"{param['type']}{param['name']} = "
                         f"{taker}(&c, {at}, {box_kind(param['type'])});")
        self.call.append(param["name"])

    def param_bytes(self, param):
        kinds = [other["kind"] for other in self.model["params"]]
        free = param["size"] or "lengths" in kinds
        size, null = ("0", " | null") if free else (fixed_size(param["doc"]), "")
        at = self.argument(param, "Uint8Array" + null)
        self.read.append(f"zn_span {param['name']} = zn_bytes(&c, {at}, {size});")
        self.call.append(param["name"] + ".bytes")
        self.size_of = {param.get("size"): param["name"] + ".length"}

    def param_text(self, param):
        at = self.argument(param, "string | null")
        terminated = "false" if param["size"] else "true"
        self.read.append(f"zn_text {param['name']} = zn_string(&c, {at}, {terminated});")
        self.call.append(param["name"] + ".text")
        self.size_of = {param.get("size"): param["name"] + ".length"}

    def param_length(self, param):
        self.call.append(self.size_of[param["name"]])

    def param_lengths(self, param):
        at = self.argument(param, "Uint32Array")
        self.read.append(f"zn_lengths {param['name']} = zn_sizes(&c, {at}, data.length);")
        self.call.append(param["name"] + ".items")
        self.count_of = {param["size"]: param["name"] + ".count"}

    def param_number(self, param):
        if param["name"] == "capacity":
            self.render_call = True
            self.call.append("capacity")
            return
        count = getattr(self, "count_of", {}).get(param["name"])
        if count:
            self.call.append(count)
            return
        at = self.argument(param, "number")
        self.read.append(f"{param['type']} {param['name']} = "
                         f"{SCALARS[param['type']]}(&c, {at});")
        self.call.append(param["name"])

    def param_callback(self, param):
        if param["type"] != "zks_done_fn":
            raise SystemExit(f"node.py: {self.model['name']} has a callback: write it by hand")
        self.call.append("zn_relay_done" if self.relay else "zn_done")

    def param_user(self, param):
        token = f"zn_token(&c, {self.argument({'name': 'token'}, 'number')})"
        self.read.append(f"void *user = {f'zn_relay_user(&c, {token})' if self.relay else token};")
        self.call.append(param["name"])

    def param_out_handle(self, param):
        self.declare.append(f"{param['type'][:-1]}{param['name']} = NULL;")
        self.call.append("&" + param["name"])
        kind = box_kind(param["type"])
        self.results.append((f"zn_from_handle(&c, {kind}, {param['name']})", "Handle"))

    def param_out_number(self, param):
        if self.render_call or not self.is_status():
            self.call.append("&" + param["name"])
            return
        self.declare.append(f"{param['type'][:-2]} {param['name']} = 0;")
        self.call.append("&" + param["name"])
        self.results.append((f"zn_from_number(&c, (double){param['name']})", "number"))

    def param_out_text(self, param):
        self.declare.append(f"const char *{param['name']} = NULL;")
        self.call.append("&" + param["name"])
        self.results.append((f"zn_from_text(&c, {param['name']})", "string"))

    def param_out_bytes(self, param):
        self.call.append(param["name"])
        if self.render_call:
            self.results.append(("zn_from_bytes(&c, out_bytes, out_length)", "Buffer"))
            return
        size = fixed_size(param["doc"])
        self.declare.append(f"uint8_t {param['name']}[{size}];")
        self.results.append((f"zn_from_bytes(&c, {param['name']}, {size})", "Buffer"))

    # What the function answers.

    def is_free(self):
        return self.model["name"].endswith("_free")

    def is_status(self):
        return self.model["returns"] == "zks_status" and self.model["must_use"]

    def problem(self):
        """The sentence of a failure: an object that has one is asked."""
        first = self.model["params"][0]["type"] if self.model["params"] else ""
        if first == "zks_config *":
            return "zks_config_problem(config)"
        return "zks_op_text(op)" if first == "zks_op *" else "NULL"

    def body(self):
        """The lines between zn_begin and the end."""
        call = f"{self.model['name']}({', '.join(self.call)})"
        guard = ["if (c.failed) {", "return zn_end(&c, NULL);", "}"] if self.args else []
        if self.render_call:
            return guard + self.drawing(call)
        if self.is_status():
            return self.with_status(call)
        returns = self.model["returns"]
        if returns == "void":
            return ["if (!c.failed) {", f"{call};", "}", "return zn_end(&c, NULL);"]
        if returns == "const uint8_t *":
            return guard + self.bytes_result(call)
        make = f"zn_from_text(&c, {call})" if returns == "const char *" else \
            f"zn_from_number(&c, (double){call})"
        return guard + [f"return zn_end(&c, {make});"]

    def with_status(self, call):
        values = [value for value, _ in self.results]
        undo = ["zn_relay_user_free(user);"] if self.relay else []
        stop = [*undo, "return zn_end(&c, NULL);", "}"]
        try_it = f"zn_failed(&c, failure, {self.problem()})"
        if not values:
            return ["if (!c.failed) {", f"zks_status failure = {call};", f"{try_it};", "}",
                    "return zn_end(&c, NULL);"]
        lines = ["if (c.failed) {", *stop] if self.args else []
        lines += [f"zks_status failure = {call};", f"if ({try_it}) {{", *stop]
        if len(values) == 1:
            return lines + [f"return zn_end(&c, {values[0]});"]
        lines += [f"napi_value results[{len(values)}];"]
        lines += [f"results[{i}] = {value};" for i, value in enumerate(values)]
        if "uint8_t out_secret[ZKS_SIZE_SECRET];" in self.declare:
            lines += ["explicit_bzero(out_secret, sizeof out_secret);"]
        return lines + [f"return zn_end(&c, zn_from_list(&c, results, {len(values)}));"]

    def bytes_result(self, call):
        if any(param["kind"] == "out_number" for param in self.model["params"]):
            return ["size_t out_length = 0;", f"const uint8_t *bytes = {call};",
                    "return zn_end(&c, zn_from_bytes(&c, bytes, out_length));"]
        return [f"return zn_end(&c, zn_from_bytes(&c, {call}, {fixed_size(self.model['doc'])}));"]

    def drawing(self, call):
        """Asked twice: for the length, then for the bytes."""
        ask = call.replace("capacity", "0").replace("out_bytes", "NULL")
        return ["size_t out_length = 0;", f"zks_status failure = {ask};",
                "size_t capacity = out_length;",
                "if (zn_failed(&c, failure, NULL)) {", "return zn_end(&c, NULL);", "}",
                "uint8_t *out_bytes = zn_memory(&c, capacity);",
                f"failure = c.failed ? ZKS_E_NOMEM : {call};",
                "if (zn_failed(&c, failure, NULL)) {", "return zn_end(&c, NULL);", "}",
                f"return zn_end(&c, {self.results[0][0]});"]

    def c_lines(self):
        return [f"static napi_value {self.model['name'].removeprefix('zks_')}"
                "(napi_env env, napi_callback_info info)", "{", "zn_call c;", *self.declare,
                f"zn_begin(&c, env, info, {len(self.args)});", *self.read, *self.body(), "}"]

    def returned(self):
        """TypeScript's type of the result."""
        returns = self.model["returns"]
        if self.render_call or self.is_status():
            types = [type_ for _, type_ in self.results]
            return f"[{', '.join(types)}]" if len(types) > 1 else types[0] if types else "void"
        plain = {"void": "void", "const char *": "string | null",
                 "const uint8_t *": "Buffer | null"}
        return plain.get(returns, "number")

    def type_text(self):
        used = ", ".join(f"{js_arg(name)}: {type_}" for name, type_ in self.args)
        return f"({used}): {self.returned()}"


def js_arg(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def generated_functions(model):
    by_hand = set(" ".join(covers for _, covers, _ in HAND.values()).split())
    skip = (by_hand - BOTH_WAYS) | set(UNBOUND)
    return [Function(f) for f in model["functions"] if f["name"] not in skip]


def broken(line, indent):
    """A call or row that is too long, broken behind commas, below what opens it."""
    comma = line.find(", ")
    opening = max(line.rfind("(", 0, comma), line.rfind("{", 0, comma)) + 1
    lines = []
    while len(indent + line) > COLUMNS and ", " in line:
        at = line.rindex(", ", 0, COLUMNS - len(indent)) + 1
        lines.append(indent + line[:at])
        if len(lines) == 1:
            indent += " " * opening
        line = line[at + 1 :]
    return [*lines, indent + line]


def layout(lines):
    """Indents by braces and breaks what is too long: clang-format is not asked (the file is made on
    machines without it), but people read it."""
    out, depth = [], 0
    for line in lines:
        depth -= line.startswith("}")
        out += broken(line, "    " * depth) if line else [""]
        depth += line.endswith("{")
    return "\n".join(out) + "\n"


def render_c(functions):
    rows = []
    for name, (call, covers, _) in HAND.items():
        pieces = textwrap.wrap(covers, COLUMNS - 20, drop_whitespace=False) or [""]
        row = [f'{{"{name}", "{pieces[0]}"', *(f' "{piece}"' for piece in pieces[1:])]
        row[-1] += f", {call}}},"
        rows += row
    rows += [f'{{"{js_name(f.model["name"])}", "{f.model["name"]}", '
             f'{f.model["name"].removeprefix("zks_")}}},' for f in functions]
    parts = [f"/* {LICENCE} */", f"/* {MADE} */", '#include "addon.h"', "",
             "#include <string.h>", ""]
    for function in functions:
        parts += [*function.c_lines(), ""]
    parts += ["const zn_function zn_functions[] = {", *rows, "};", "",
              "const size_t zn_function_count = sizeof zn_functions / sizeof zn_functions[0];"]
    return layout(parts)


def render_types(functions, model):
    lines = [f"// {LICENCE}", f"// {MADE}",
             "// The addon: zks.h as it is. The package's own API is lib/index.d.cts.", "",
             "/** An object of the library, of one kind; some are numbers, which must be freed (slots.c). */",
             "export type Handle = { readonly __handle: unique symbol };", "",
             "export interface Callbacks {", "  tokens: Float64Array;",
             "  done(count: number): void;", "  event(token: number, event: Handle): void;",
             "  log(level: number, line: string): void;",
             "  storeKey(token: number, request: Handle): void;",
             "  error(status: number, text: string): Error;", "}", "", "export interface Native {",
             "  /** The functions of zks.h behind each function here. */",
             "  readonly covers: Record<string, string>;"]
    lines += [f"  {name}{type_};" for name, (_, _, type_) in HAND.items()]
    lines += [f"  {js_name(f.model['name'])}{f.type_text()};" for f in functions]
    lines += ["}", ""]
    return "\n".join(lines)


def render_constants(model):
    lines = [f"// {LICENCE}", f"// {MADE}", "'use strict';", "",
             "module.exports = Object.freeze({"]
    lines += [f"  {item['name']}: {item['value']}," for item in all_constants(model)]
    return "\n".join([*lines, "});", ""])


def render_constant_types(model):
    lines = [f"// {LICENCE}", f"// {MADE}", "",
             "/** Every constant of zks.h, under its name there. */", "declare const constants: {"]
    for item in all_constants(model):
        if item["doc"]:
            lines.append(f"  /** {item['doc']} */")
        lines.append(f"  readonly {item['name']}: {item['value']};")
    return "\n".join([*lines, "};", "export = constants;", ""])


def render_unbound():
    return "\n".join(["# What this package does not bind, and why. Made by abi/gen/node.py.",
                      *(f"{name} | {reason}" for name, reason in UNBOUND.items()), ""])


def render(model):
    """{path from the project's root: text}"""
    functions = generated_functions(model)
    return {
        "bindings/node/native/generated.c": render_c(functions),
        "bindings/node/lib/native.d.cts": render_types(functions, model),
        "bindings/node/lib/constants.cjs": render_constants(model),
        "bindings/node/lib/constants.d.cts": render_constant_types(model),
        "bindings/node/unbound.txt": render_unbound(),
    }
