"""What the preprocessor makes of <net.hpp>: which headers of others it includes, and which macros stay."""
import re

from toolchain import STANDARD, run

MARKER = re.compile(r'# \d+ "(.*)"((?: \d)*)$')


def outside_headers(cxx, directory, source):
    """The files that our headers include directly and that are not ours, in their order."""
    ours, found, stack = f"{directory}/", [], []
    listing = run([*cxx, STANDARD, "-E", "-I", directory, source], check=True).stdout
    for line in listing.splitlines():
        marker = MARKER.match(line)
        if not marker:
            continue
        path, flags = marker[1], marker[2].split()
        if "1" in flags:
            if stack and stack[-1].startswith(ours) and not path.startswith(ours) and path not in found:
                found.append(path)
            stack.append(path)
        elif "2" in flags and stack:
            stack.pop()
    return found


def lines(cxx, directory, source):
    return run([*cxx, STANDARD, "-E", "-I", directory, source], check=True).stdout.count("\n")


def macros(cxx, directory, source):
    """Name → definition, for all macros defined at the end of the file."""
    listing = run([*cxx, STANDARD, "-dM", "-E", "-I", directory, source], check=True).stdout
    return dict(re.findall(r"^#define (\w+)(.*)$", listing, re.M))
