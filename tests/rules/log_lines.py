#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a log line may be made of: numbers, fixed words, and identifiers only as zks__redacted.

Reads every call of zks__log_write in src/, relay/ and abi/. A %s takes the .text of a
zks__redacted, a literal (or a choice of literals), or one of the variables named below, each with
the reason why only fixed words can be in it; %p, %c and hexadecimal numbers take nothing. Before
that the test proves on lines of its own that it fails where it must.
"""
import re
import sys
from pathlib import Path

# (file, argument) -> why its text cannot come from a user or a peer.
FIXED = {
    ("src/session/session.c", "text"): "the session's own sentences",
    ("src/client/connection.c", 'text ? text : ""'): "the transport's or session's own sentences",
    ("relay/core/hello.c", "why"): "sentences of the file",
    ("relay/core/mailbox.c", "what"): "the file's own names of events",
}
CONVERSION = re.compile(r"%(?:%|[-+ #0]*\d*(?:\.\d+)?(hh|h|ll|l|z|j|t)?([a-zA-Z]))")


def calls(text):
    """(line, arguments) of each call; an argument is its source text."""
    for found in re.finditer(r"\bzks__log_write\s*\(", text):
        depth, start, arguments, quoted = 1, found.end(), [], False
        at = start
        while depth:
            c = text[at]
            if quoted:
                if c == "\\":
                    at += 1
                elif c == '"':
                    quoted = False
            elif c == '"':
                quoted = True
            elif c in "([{":
                depth += 1
            elif c in ")]}":
                depth -= 1
            if depth == 0 or (depth == 1 and c == "," and not quoted):
                arguments.append(" ".join(text[start:at].split()))
                start = at + 1
            at += 1
        yield text.count("\n", 0, found.start()) + 1, arguments


def fixed_words(argument):
    literal = r'"(?:[^"\\]|\\.)*"'
    return re.fullmatch(rf"{literal}|[^?\"]+\? {literal} : {literal}", argument) is not None


def redacted(argument, text):
    if re.fullmatch(r"zks__log_redact\(.*\)\.text", argument):
        return True
    name = re.fullmatch(r"(\w+)\.text", argument)
    return bool(name and re.search(rf"zks__redacted {name[1]} = zks__log_redact\(", text))


def problems(file, text):
    found = []
    for line, arguments in calls(text):
        if len(arguments) < 3 or not arguments[2].startswith('"'):
            if "const char *format" not in "".join(arguments):
                found.append((line, "the format is not a literal"))
            continue
        letters = [m[2] for m in CONVERSION.finditer(arguments[2]) if m[2]]
        values = arguments[3:]
        if len(letters) != len(values):
            found.append((line, f"{len(letters)} conversions and {len(values)} values"))
            continue
        for letter, value in zip(letters, values):
            if letter in "diuo":
                continue
            if letter != "s":
                found.append((line, f"%{letter} of {value}"))
            elif not (redacted(value, text) or fixed_words(value) or (file, value) in FIXED):
                found.append((line, f"%s of {value}"))
    return found


def prove():
    good = ['zks__log_write(l, 1, "a b=%d c=%s", 3, zks__log_redact(l, id, 32).text);',
            'zks__log_write(l, 1, "a side=%s", q ? "x" : "y");',
            'zks__redacted p = zks__log_redact(l, id, n); zks__log_write(l, 1, "a p=%s", p.text);']
    bad = ['zks__log_write(l, 1, "a name=%s", g->device_name);', 'zks__log_write(l, 1, text);',
           'zks__log_write(l, 1, "a p=%p", (void *)p);', 'zks__log_write(l, 1, "a id=%s", p.text);',
           'zks__log_write(l, 1, "a id=%02x%02x", id[0], id[1]);',
           'zks__log_write(l, 1, "a, (b)=%s", address);']
    for text in good:
        assert not problems("x.c", text), text
    for text in bad:
        assert problems("x.c", text), text


def main():
    prove()
    root = Path(__file__).resolve().parents[2]
    count, failed, used = 0, False, set()
    for folder in ("src", "relay", "abi"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            name, text = str(path.relative_to(root)), path.read_text()
            if name in ("src/base/log.h", "src/base/log.c"):
                continue
            for line, arguments in calls(text):
                count += 1
                used |= {(name, a) for a in arguments[3:]}
            for line, problem in problems(name, text):
                failed = True
                print(f"{name}:{line}: {problem}: identifiers go through zks__log_redact")
    for entry in sorted(set(FIXED) - used):
        failed = True
        print(f"{entry[0]} does not log {entry[1]} any more: take it out of FIXED")
    print(f"{count} log lines read")
    return 1 if failed or count < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
