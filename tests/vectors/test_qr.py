#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""QR codes of abi/qr.c, read by another program (zbarimg): every format, texts of all lengths."""
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

SOURCE = Path(os.environ.get("ZKS_SOURCE_DIR", Path(__file__).resolve().parents[2]))
TESTS = Path(os.environ.get("ZKS_TEST_DIR", SOURCE / "build" / "dev" / "tests"))
sys.dont_write_bytecode = True
sys.path.insert(0, str(SOURCE / "tests" / "support"))
import qr  # noqa: E402

TEXT_DARK, TEXT_LIGHT, SVG, PNG = 1, 2, 3, 4
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
LONGEST = 2331


def samples():
    """Pairing codes and links, short to longest."""
    seed = int(os.environ.get("ZKS_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"ZKS_TEST_SEED={seed}", flush=True)
    draw = random.Random(seed)
    code = "-".join("".join(draw.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=4))
                    for _ in range(4))
    lengths = [1, 14, 60, 120, 180, 300, 700, 1300, LONGEST - 11] + draw.sample(range(2000), 5)
    return [code, "https://example.org/join#" + code] + [
        "zks-invite:" + "".join(draw.choices(LETTERS, k=n)) for n in lengths]


def chunks(data):
    """(type, content) of a PNG's chunks, with every check value recomputed."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, []
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        crc, = struct.unpack(">I", data[at + 8 + length:at + 12 + length])
        assert crc == zlib.crc32(kind + content), f"the CRC of {kind}"
        found.append((kind, content))
        at += 12 + length
    assert at == len(data)
    return found


class Qr(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.temporary.name)
        cls.texts = samples()

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def draw(self, form, scale=1, texts=None):
        """The pictures' files."""
        texts = texts or self.texts
        prefix = self.folder / f"{form}-{scale}-"
        subprocess.run([str(TESTS / "vectors_prog_qr"), str(form), str(scale), str(prefix)],
                       input="".join(t + "\n" for t in texts), text=True, check=True, timeout=60)
        return [Path(f"{prefix}{i}") for i in range(len(texts))]

    def check(self, pictures, texts=None):
        self.assertEqual(texts or self.texts, qr.read(pictures))

    def test_png_is_read(self):
        self.check(self.draw(PNG, 4))

    def test_png_is_well_formed(self):
        for scale in (1, 3, 32):
            for path in self.draw(PNG, scale):
                (_, head), (_, data), (last, _) = chunks(path.read_bytes())
                width, height, *kind = struct.unpack(">IIBBBBB", head)
                self.assertEqual([1, 0, 0, 0, 0], kind)
                self.assertEqual((width, b"IEND"), (height, last))
                unpack = zlib.decompressobj()
                rows = unpack.decompress(data)  # checks its Adler-32 too
                self.assertEqual((b"", True), (unpack.unused_data, unpack.eof))
                self.assertEqual(height * (1 + (width + 7) // 8), len(rows))

    def test_svg_is_read(self):
        self.check([qr.paint_svg(path.read_bytes(), path.with_suffix(".pgm"))
                    for path in self.draw(SVG, 8)])

    def test_text_is_read_from_dark_and_light_terminals(self):
        for form, dark in ((TEXT_DARK, True), (TEXT_LIGHT, False)):
            self.check([qr.paint_terminal(path.read_text(encoding="utf-8"), dark,
                                          path.with_suffix(".pgm")) for path in self.draw(form)])

    def test_all_formats_show_the_same_code(self):
        """Module for module, beside what a reader forgives."""
        text = self.texts[3:4]
        svg, = self.draw(SVG, 1, text)
        painted = qr.paint_svg(svg.read_bytes(), self.folder / "svg").read_bytes()
        for form, dark in ((TEXT_DARK, True), (TEXT_LIGHT, False)):
            path, = self.draw(form, 1, text)
            qr.paint_terminal(path.read_text(encoding="utf-8"), dark, self.folder / "text")
            self.assertEqual(painted.split(b"\n", 1)[1], self.inner(self.folder / "text"))
        png, = self.draw(PNG, qr.MODULE, text)
        (_, head), (_, data), _ = chunks(png.read_bytes())
        width, _ = struct.unpack(">II", head[:8])
        row = 1 + (width + 7) // 8
        rows = zlib.decompress(data)
        grey = bytes(255 * (rows[y * row + 1 + x // 8] >> (7 - x % 8) & 1)
                     for y in range(width) for x in range(width))
        self.assertEqual(painted.split(b"\n", 1)[1], grey)

    def inner(self, path):
        """The pixels of a painted terminal without what is around the code."""
        head, pixels = path.read_bytes().split(b"\n", 1)
        width = int(head.split()[1])
        around = qr.AROUND * qr.MODULE
        size = width - 2 * around
        rows = [pixels[y * width:(y + 1) * width] for y in range(around, around + size)]
        return b"".join(row[around:around + size] for row in rows)


if __name__ == "__main__":
    if not qr.ZBARIMG:
        print("skipped: zbarimg is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
