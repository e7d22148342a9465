"""What a program pays for using a library: compile time, size, and memory of connections that do nothing."""

import os
import resource
import subprocess
from typing import NamedTuple

from .peers import BENCH, BUILD, COMPILER, ROOT
from .process import Crowd, Server, load

# The smallest echo server that each library's users would write, one file each.
class EchoFile(NamedTuple):
    title: str
    source: str
    flags: tuple = ()   # to compile it
    linked: tuple = ()  # with the program


ONCE = {"flags": ("-DNET_SEPARATE",), "linked": (str(ROOT / "src" / "net.cpp"),)}
ECHO_FILES = {
    "bare": EchoFile("bare epoll, C", "echo_bare.c"),
    "libuv": EchoFile("libuv, C", "echo_libuv.c", linked=("-luv",)),
    "net": EchoFile("net.hpp", "echo_net.cpp"),
    "net-once": EchoFile("net.hpp, compiled once", "echo_net.cpp", **ONCE),
    "net-coroutines": EchoFile("net.hpp coroutines", "echo_net_coroutines.cpp"),
    "net-coroutines-once": EchoFile("net.hpp coroutines, compiled once", "echo_net_coroutines.cpp", **ONCE),
    "asio": EchoFile("Asio", "echo_asio.cpp", linked=("-pthread",)),
    "asio-coroutines": EchoFile("Asio coroutines", "echo_asio_coroutines.cpp", linked=("-pthread",)),
}


def _base(file):
    compiler = [COMPILER, "-std=c++20"] if file.source.endswith(".cpp") else ["cc"]
    return [*compiler, *file.flags, "-I", str(ROOT / "include")]


def preprocessed_lines(file):
    """Lines that the preprocessor hands to the compiler, as `-E` prints them."""
    command = [*_base(file), "-E", str(BENCH / "compile" / file.source)]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    return text.count(b"\n")


def compile_seconds(file, level):
    """CPU seconds of one compilation, without linking."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*_base(file), level, "-c", str(BENCH / "compile" / file.source), "-o", os.devnull], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def binary_bytes(file):
    """Bytes of the linked and stripped program at -O2."""
    out = BUILD / "size"
    source = str(BENCH / "compile" / file.source)
    command = [*_base(file), "-O2", "-DNDEBUG", source, *file.linked, "-s", "-o", str(out)]
    subprocess.run(command, check=True)
    size = out.stat().st_size
    out.unlink()
    return size


def idle_bytes(peer, connections, greet):
    """Resident bytes of each connection that waits; with `greet`, one that has had a message echoed."""
    with Server(peer, "echo") as server:
        load(server, "ping-pong", count=2000, connections=100)  # code and tables that all connections share
        server.has_closed_all()
        with Crowd(server, 100, greet):
            before = server.memory()
            with Crowd(server, connections, greet):
                after = server.memory()
    return (after - before) / connections
