"""What the tests of the examples share: programs that run no longer than their test, and real clients.

A test gets the directory of the built examples: python3 tests/examples/chat_test.py build/default/examples
Those for Windows are one program, examples.exe, which is run by Wine; their clients are the same.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

DEADLINE = 600  # seconds for anything that is waited for: for programs that hang, not for machines that are busy
HERE = pathlib.Path(__file__).resolve().parent


def on_windows():
    return (DIRECTORY / "examples.exe").exists()


def not_on_windows(test, reason):
    if on_windows():
        test.skipTest(reason)


def program(name, *arguments):
    """The words that start an example."""
    words = ["wine", DIRECTORY / "examples.exe", name] if on_windows() else [DIRECTORY / name]
    return [*map(str, words), *map(str, arguments)]


def scaled(number):
    """A size or a count; under Wine a message takes forty times as long."""
    return number // 20 if on_windows() else number


PIPES_ARE_INSIDE = "no client of this system reaches a pipe of Windows'"


def path(directory, name):
    """Where to listen: a file, or on Windows a pipe of as much an own name."""
    return rf"\\.\pipe\{pathlib.Path(directory).name}-{name}" if on_windows() else str(pathlib.Path(directory) / name)


def lines_of(data):
    """Windows' programs print lines that end in two characters."""
    return data.replace(b"\r\n", b"\n") if on_windows() else data


class Example(contextlib.AbstractContextManager):
    """A running example, killed at the end of its scope. It must not have ended or complained by itself."""

    def __init__(self, name, *arguments):
        self.name = name
        self.errors = ""
        self._output = b""
        self._process = subprocess.Popen(
            program(name, *(arguments or ["0"])),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = self.output_until(rb"\n").decode()
        listening = re.fullmatch(r"listening on (.+):(\d+)\n", first)
        if not listening:
            self._process.kill()
            raise AssertionError(f"{name} says {first!r}")
        self.host, self.port = listening[1].strip("[]"), int(listening[2])

    def output_until(self, pattern):
        """What it printed, as soon as the pattern is found in it."""
        until = time.monotonic() + DEADLINE
        os.set_blocking(self._process.stdout.fileno(), False)
        while not re.search(pattern, self._output):
            piece = self._process.stdout.read()
            if piece:
                self._output = lines_of(self._output + piece)
            elif piece == b"" or time.monotonic() > until:
                self._process.kill()
                raise AssertionError(f"{self.name} prints {self._output[-200:]!r} {self._process.stderr.read()[-2000:]!r}")
            else:
                time.sleep(0.01)
        return self._output

    def connect(self):
        client = socket.create_connection((self.host, self.port), timeout=DEADLINE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def memory(self):
        """Resident bytes; None if a sanitizer blows them up."""
        if on_windows():
            print("  not checked under Wine, which has its own part in it: resident memory")
            return None
        if b"__asan_init" in (DIRECTORY / self.name).read_bytes():
            print("  not checked under AddressSanitizer: resident memory")
            return None
        status = pathlib.Path(f"/proc/{self._process.pid}/status")
        if not status.exists():
            print("  not checked without /proc: resident memory")
            return None
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read_text())[1]) * 1024

    def alive(self):
        return self._process.poll() is None

    def __exit__(self, *exception):
        alive = self.alive()
        self._process.kill()
        self.errors = lines_of(self._process.communicate()[1]).decode(errors="replace")
        if exception == (None, None, None) and not alive:
            raise AssertionError(f"{self.name} ended with {self._process.returncode}:\n{self.errors}")
        if "Sanitizer" in self.errors or "runtime error" in self.errors:
            raise AssertionError(self.errors)


def run(*command, data=b"", expect=0):
    """What a command prints."""
    done = subprocess.run([*map(str, command)], input=data, capture_output=True, timeout=DEADLINE)
    if done.returncode != expect:
        raise AssertionError(f"{command} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]!r}")
    return lines_of(done.stdout) if command[0] == "wine" or "wine" in command[:5] else done.stdout


def tool(test, *names):
    """A real client, or the test is skipped."""
    for name in filter(None, names):
        if found := shutil.which(name):
            return found
    return test.skipTest(f"there is no {names[-1]}")


def node(test):
    """The Node that NODE names, or the system's."""
    return tool(test, os.environ.get("NODE"), "node")


def npm_package(test, name, version):
    """The directory of a package of npm's, installed once beside the examples, or the test is skipped."""
    place = DIRECTORY.parent / "npm"
    package = place / "node_modules" / name
    if not package.exists():
        place.mkdir(exist_ok=True)
        install = [tool(test, "npm"), "install", "--prefix", place, "--no-audit", "--no-fund", f"{name}@{version}"]
        if subprocess.run(install, capture_output=True, timeout=DEADLINE).returncode:
            test.skipTest(f"npm cannot install {name}")
    return package


def received(client, size):
    """What comes: at least `size` bytes, or all until the other side ends."""
    data = bytearray()
    while len(data) < size and (piece := client.recv(1 << 16)):
        data += piece
    return bytes(data)


def reset(client):
    """Closes with a reset instead of an end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def send_until_stuck(client, block, most):
    """Sends and reads nothing, until nothing goes out any more; returns how many bytes went out.

    On a busy machine that may be too early, and less was tried than could have been; no test fails for it.
    """
    client.settimeout(1)
    sent = 0
    try:
        while sent < most:
            sent += client.send(block[sent % len(block):])
    except socket.timeout:
        pass
    client.settimeout(DEADLINE)
    return sent


def main():
    global DIRECTORY
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DIRECTORY_OF_THE_BUILT_EXAMPLES")
    DIRECTORY = pathlib.Path(sys.argv.pop()).resolve()
    signal.alarm(4 * DEADLINE)
    result = unittest.main(module="__main__", verbosity=2, exit=False).result
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    # a class that is skipped as a whole has run none
    print(f"{max(result.testsRun - failed - skipped, 0)} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0)
