#!/usr/bin/env python3
"""Print the version that include/net.hpp states, as 1.2.3."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def version():
    text = (ROOT / "include" / "net.hpp").read_text("utf-8")
    numbers = re.findall(r"^#define NET_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", text, re.M)
    if len(numbers) != 3:
        sys.exit("include/net.hpp: expected NET_VERSION_MAJOR, NET_VERSION_MINOR and NET_VERSION_PATCH")
    return ".".join(numbers)


if __name__ == "__main__":
    print(version())
