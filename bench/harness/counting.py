"""Figures that repeat: instructions, system calls and allocations, each the difference of two counts, so that
what a server does at its start and end drops out."""

import mmap
import re
import struct
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .peers import BUILD
from .process import DEADLINE, Server, load


@dataclass(frozen=True)
class Figure:
    key: str
    title: str
    job: str
    load: str
    options: tuple = ()
    few: int = 500
    many: int = 2500

    def arguments(self):
        return dict(self.options)


FIGURES = [
    Figure("echo_1", "echoed message of 64 B, 1 connection", "echo", "ping-pong"),
    Figure("echo_50", "the same, 50 connections", "echo", "ping-pong", (("connections", 50),), 1000, 9000),
    Figure("burst", "burst: a request, 16 answers of 64 B", "burst", "ping-pong", (("answers", 16),), 200, 1200),
    Figure("close", "connection accepted and closed at once", "close", "connect", (), 200, 1200),
    Figure("leave", "connection accepted, closed after the peer", "echo", "leave", (), 200, 1200),
    Figure("visit", "connection: accept, echo 64 B, close", "echo", "visit", (), 200, 1200),
]


def figure(key):
    return next(figure for figure in FIGURES if figure.key == key)


def _difference(count, few, many):
    low, high = count(few), count(many)
    return {name: (high.get(name, 0) - low.get(name, 0)) / (many - few) for name in high}


def instructions(peer, what):
    """User-space instructions of each message or connection."""

    def count(times):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "callgrind"
            wrap = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
            with Server(peer, what.job, wrap) as server:
                load(server, what.load, count=times, **what.arguments())
                server.has_closed_all()
            return {"all": int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.M).group(1))}

    return _difference(count, what.few, what.many)["all"]


def system_calls(peer, what):
    """System calls of each message or connection, by name."""

    def count(times):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "strace"
            with Server(peer, what.job, ["strace", "-D", "-f", "-c", "-o", str(out)]) as server:
                load(server, what.load, count=times, **what.arguments())
                server.has_closed_all()
            return _parse_strace(out)

    few, many = what.few // 2, what.few // 2 + 400
    calls = _difference(count, few, many)
    return {name: round(number, 2) for name, number in calls.items() if number > 0.01}


def _parse_strace(out):
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:  # strace outlives the server by a moment
        text = out.read_text() if out.exists() else ""
        if " total" in text:
            rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", text, re.M)
            return {name: int(number) for number, name in rows if name != "total"}
        time.sleep(0.05)
    raise RuntimeError("strace left no counts")


def allocations(peer, what):
    """Allocations of each message or connection, and their bytes."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(16))
        file.flush()
        environment = {"LD_PRELOAD": str(BUILD / "count_allocations.so"), "BENCH_ALLOCATIONS": file.name}
        with Server(peer, what.job, environment=environment) as server, mmap.mmap(file.fileno(), 16) as shared:
            arguments = what.arguments()
            load(server, what.load, count=what.many, **arguments)  # pools and tables have grown
            server.has_closed_all()
            before = struct.unpack("QQ", shared[:])
            load(server, what.load, count=what.few, **arguments)
            server.has_closed_all()
            middle = struct.unpack("QQ", shared[:])
            load(server, what.load, count=what.many, **arguments)
            server.has_closed_all()
            after = struct.unpack("QQ", shared[:])
    few = [b - a for a, b in zip(before, middle)]
    many = [b - a for a, b in zip(middle, after)]
    times = what.many - what.few
    return {"allocations": (many[0] - few[0]) / times, "bytes": (many[1] - few[1]) / times}
