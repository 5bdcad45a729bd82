# SPDX-License-Identifier: MIT OR Apache-2.0
"""The generated layer: what is bound is what zks.h has, and the stub says the same."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import zerok_sync
from zerok_sync import _native
from zerok_sync._native import ffi, lib

SOURCE = Path(__file__).resolve().parents[2]
STUB = Path(_native.__file__).parent / "_native.pyi"


@pytest.fixture(scope="module")
def model():
    return json.loads((SOURCE / "abi/abi.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dumped():
    done = subprocess.run([sys.executable, "-m", "zerok_sync._dump"], check=True, text=True,
                          capture_output=True)
    return json.loads(done.stdout)


def library_constants():
    """The constants of the loaded library, by its own word."""
    found, name, value = {}, ffi.new("char **"), ffi.new("int64_t *")
    while lib.zks_constant_at(len(found), name, value) == 0:
        found[ffi.string(name[0]).decode()] = value[0]
    return found


def test_constants_are_those_of_the_library(dumped):
    assert dumped["constants"] == library_constants()
    prefix = "ZKS_EVENT_"
    events = {name.removeprefix(prefix): value for name, value in dumped["constants"].items()
              if name.startswith(prefix) and not name.startswith("ZKS_EVENT_FIELD_")}
    assert dumped["events"] == events


def test_functions_are_all_but_the_unbound_ones(dumped, model):
    lines = (SOURCE / "bindings/python/unbound.txt").read_text(encoding="utf-8").splitlines()
    unbound = dict(line.split("|") for line in lines if not line.startswith("#"))
    assert all(len(reason) > 20 for reason in unbound.values())
    names = {f["name"] for f in model["functions"]}
    assert set(dumped["functions"]) == names - {name.strip() for name in unbound}
    assert dumped["version"] == model["version"] == zerok_sync.__version__


def test_stub_has_each_function_with_its_arguments():
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    lib_class = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "_Lib")
    stubbed = {n.name: n for n in lib_class.body if isinstance(n, ast.FunctionDef)}
    bound = {name for name in dir(lib) if name.startswith("zks_")}
    assert bound <= set(stubbed) and {n for n in stubbed if n.startswith("zks_")} == bound
    for name, node in stubbed.items():
        function = ffi.typeof(ffi.addressof(lib, name))
        arguments = function.args
        assert len(node.args.posonlyargs) + len(node.args.args) - 1 == len(arguments), name
        returns = ast.unparse(node.returns)
        kind = function.result.kind
        wanted = {"void": "None", "primitive": "int", "pointer": "_CData"}[kind]
        assert returns == wanted, name


def test_generated_files_are_up_to_date():
    done = subprocess.run([sys.executable, SOURCE / "abi/gen/abi.py", "--check"], text=True,
                          capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0, done.stderr


def test_stubtest_agrees(tmp_path):
    done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "zerok_sync._native",
                           "--mypy-config-file", SOURCE / "pyproject.toml"],
                          cwd=tmp_path, text=True, capture_output=True,
                          env={**os.environ, "MYPYPATH": os.environ["PYTHONPATH"]})
    assert done.returncode == 0, done.stdout + done.stderr


def test_module_shows_one_symbol_and_needs_no_foreign_one():
    symbols = subprocess.run(["nm", "-D", _native.__file__], check=True, text=True,
                             capture_output=True).stdout.split("\n")
    shown = [line.split()[-1] for line in symbols if " T " in line or " D " in line]
    assert shown == ["PyInit__native"]
    if os.environ.get("ZKS_PACKAGE"):  # the dependencies are inside
        wanted = [line.split()[-1] for line in symbols if " U " in line]
        foreign = ("uv_", "ares_", "sqlite3_", "SSL_", "nghttp2_", "sodium_", "crypto_")
        assert not [name for name in wanted if name.startswith(foreign)]
