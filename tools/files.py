#!/usr/bin/env python3
"""Print the project's files that match a pattern, one a line: Meson has no glob of its own."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

for path in sorted(ROOT.glob(sys.argv[1])):
    print(path.as_posix())
