# SPDX-License-Identifier: MIT OR Apache-2.0
# A thin front: each target installs what it needs (scripts/bootstrap) and calls one script.
# The build itself is CMake's: see CMakePresets.json.

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
PREFIX ?= /usr/local
export FUZZ_SECONDS

.DEFAULT_GOAL := help
.PHONY: help demo test check bench fuzz soak lint format docs install clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## devices pair, sync through a relay that is killed on the way, and remove one
	@scripts/bootstrap
	@scripts/build release
	@scripts/demo

test: ## every test: plain, AddressSanitizer, ThreadSanitizer, valgrind (about 20 minutes)
	@scripts/bootstrap --test --package
	@tests/run all

check: ## the unit and ABI tests (below a minute)
	@scripts/bootstrap --test
	@tests/run check

bench: ## speed and memory, in words and as JSON
	@scripts/bootstrap --test --package
	@scripts/build bench
	@scripts/package addon build/bench/npm
	@tests/bench/run build/bench
	@tests/bench/packages build/bench

fuzz: ## each decoder under libFuzzer, FUZZ_SECONDS=60 each
	@scripts/bootstrap --test
	@scripts/build fuzz
	@scripts/fuzz

soak: ## the long versions, and demo and test in a bare Debian 12
	@scripts/bootstrap --test --package --soak
	@scripts/soak

lint: ## clang-format, clang-tidy, shellcheck, licence lines
	@scripts/bootstrap --test
	@test -f build/dev/compile_commands.json || cmake --preset dev >/dev/null
	@scripts/lint

format: ## lets clang-format lay out all C files
	@scripts/lint --format

docs: ## the links, file names and test names in docs/ and README.md
	@scripts/docs

install: ## installs under PREFIX (/usr/local); DESTDIR is respected
	@scripts/bootstrap
	@scripts/build release
	@cmake --install build/release --prefix $(PREFIX)

clean: ## removes all builds
	rm -rf build
