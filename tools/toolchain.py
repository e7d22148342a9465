"""What the checks share: which compilers to ask, how to run them on both cores, how to report."""
import argparse
import concurrent.futures
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
SINGLE = ROOT / "single_include"
HYGIENE = ROOT / "tests" / "hygiene"
STANDARD = "-std=c++20"
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror".split()
DEADLINE = 600  # seconds for a program that is run: for one that hangs, not for a machine that is busy
FLAVOURS = {"headers": INCLUDE, "single header": SINGLE}  # what a user may have on the include path
WAYS = {"header-only": [], "compiled once": ["-DNET_SEPARATE"]}


class Check:
    """One check: counts what failed, and ends the program saying so.

    The compilers are the one given with --cxx (or CXX, or c++), and clang++ and g++ if they are there and not --alone.
    """

    def __init__(self, about):
        parser = argparse.ArgumentParser(description=about)
        parser.add_argument("--cxx", default=os.environ.get("CXX", "c++"), help="the compiler to ask first")
        parser.add_argument("--alone", action="store_true", help="ask no other")
        options = parser.parse_args()
        self.compilers = compilers([options.cxx] if options.alone else [options.cxx, "g++", "clang++"])
        self.done = 0
        self.failures = []
        self._directory = tempfile.TemporaryDirectory(prefix="net-check-")
        self.directory = pathlib.Path(self._directory.name)

    def source(self, name, text):
        path = self.directory / name
        path.write_text(text, "utf-8")
        return path

    def expect(self, good, what, explanation=""):
        self.done += 1
        if not good:
            self.failures.append(what)
            print(f"FAILED: {what}\n{explanation}".rstrip(), file=sys.stderr)

    def all_succeed(self, commands):
        """Each of [(what, command)] must exit 0; they run side by side."""
        for what, result in run_all(commands):
            self.expect(result.returncode == 0, what, said(result))

    def finish(self, success):
        if self.failures:
            sys.exit(f"{len(self.failures)} of {self.done} failed")
        if not self.done:
            sys.exit("nothing was checked")
        print(f"{success} ({self.done} checks; {', '.join(name(cxx) for cxx in self.compilers)})")


def compilers(candidates):
    """Command lines of those that are there, as the first must be, without two names for one compiler."""
    found = {}
    for candidate in candidates:
        command = shlex.split(candidate)
        path = shutil.which(command[-1]) if len(command) == 1 else shutil.which(command[0])
        if path:
            found.setdefault((os.path.realpath(path), *command[1:]), command)
        elif candidate == candidates[0]:
            sys.exit(f"there is no compiler called {candidate}")
    return list(found.values())


def is_cross(cxx):
    """Whether what it makes is for another system, so that this one's libraries say nothing about it."""
    return "-linux-" not in run([*cxx, "-dumpmachine"]).stdout and sys.platform == "linux"


def name(cxx):
    return pathlib.Path(cxx[-1]).name


def headers(suffix=".hpp"):
    """All our headers, as a user includes them; or all files of bodies, .ipp."""
    return sorted(path.relative_to(INCLUDE).as_posix() for path in INCLUDE.rglob(f"*{suffix}"))


def run(command, **options):
    command = [str(part) for part in command]
    return subprocess.run(command, text=True, stdin=subprocess.DEVNULL, capture_output=True, **options)


def run_all(commands):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = [(what, pool.submit(run, command)) for what, command in commands]
    return [(what, result.result()) for what, result in results]


def said(result, lines=12):
    text = (result.stdout + result.stderr).splitlines()
    return "\n".join(text[:lines] + (["…"] if len(text) > lines else []))
