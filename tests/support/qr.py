# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads QR codes with zbarimg: from PNG, SVG and what a terminal shows.

A terminal's text and an SVG are painted here, each as its reader would see it: in the terminal's
colours with more terminal around it; a module of the SVG as a square.
"""
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

ZBARIMG = shutil.which("zbarimg")
WHITE, BLACK = 255, 0
MODULE = 4  # pixels
AROUND = 6  # modules of terminal around a code
UPPER = "\u2580\u2588"
LOWER = "\u2584\u2588"
SVG = "{http://www.w3.org/2000/svg}"


def write_pgm(path, rows):
    """rows of grey values, one a module."""
    lines = [bytes(v for v in row for _ in range(MODULE)) for row in rows]
    head = f"P5 {len(lines[0])} {len(lines) * MODULE} 255\n".encode()
    path.write_bytes(head + b"".join(line for line in lines for _ in range(MODULE)))
    return path


def paint_terminal(text, dark, path):
    """What a terminal with a dark or light background shows, as a picture."""
    ink, ground = (WHITE, BLACK) if dark else (BLACK, WHITE)
    lines = text.rstrip("\n").split("\n")
    width = {len(line) for line in lines}
    assert len(width) == 1, f"lines of different width: {width}"
    assert not re.search("[^ \u2580\u2584\u2588]", "".join(lines)), "other characters"
    side = [ground] * AROUND
    rows = [[ground] * (width.pop() + 2 * AROUND)] * AROUND
    for line in lines:
        for marks in (UPPER, LOWER):
            rows.append(side + [ink if c in marks else ground for c in line] + side)
    return write_pgm(path, rows + rows[:AROUND])


def paint_svg(data, path):
    """An SVG of a white ground and one path of rectangles; anything else in it is an error."""
    root = ElementTree.fromstring(data)
    ground, drawn = root
    assert (root.tag, ground.tag, drawn.tag) == (SVG + "svg", SVG + "rect", SVG + "path")
    assert root.get("shape-rendering") == "crispEdges"
    left, top, width, height = map(int, root.get("viewBox").split())
    assert (left, top, int(ground.get("width")), int(ground.get("height"))) == (0, 0, width, height)
    assert int(root.get("width")) % width == 0 and int(root.get("height")) % height == 0
    assert (ground.get("fill"), drawn.get("fill")) == ("#fff", "#000")
    rows = [[WHITE] * width for _ in range(height)]
    step = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")
    assert not step.sub("", drawn.get("d"))
    for x, y, right, back in (map(int, m) for m in step.findall(drawn.get("d"))):
        assert right == back
        rows[y][x:x + right] = [BLACK] * right
    assert all(len(row) == width for row in rows)
    return write_pgm(path, rows)


def read(paths):
    """The texts that zbarimg finds, in the order of the pictures."""
    done = subprocess.run(
        [ZBARIMG, "--raw", "--quiet", "--nodbus", "-Sdisable", "-Sqrcode.enable",
         *map(str, paths)],
        capture_output=True, text=True, check=False, timeout=300)
    return done.stdout.rstrip("\n").split("\n")
