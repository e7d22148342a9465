"""What a program pays for using a library: compile time, size, and memory of connections that do nothing."""

import os
import resource
import subprocess

from .peers import BENCH, BUILD, COMPILER, ROOT
from .process import Crowd, Server, load

# The smallest echo server that each library's users would write, one file each.
ECHO_FILES = {
    "bare": ("bare epoll, C", "echo_bare.c", ()),
    "libuv": ("libuv, C", "echo_libuv.c", ("-luv",)),
    "net": ("net.hpp", "echo_net.cpp", ()),
    "net-coroutines": ("net.hpp coroutines", "echo_net_coroutines.cpp", ()),
    "asio": ("Asio", "echo_asio.cpp", ("-pthread",)),
    "asio-coroutines": ("Asio coroutines", "echo_asio_coroutines.cpp", ("-pthread",)),
}


def _base(source):
    compiler = [COMPILER, "-std=c++20"] if source.endswith(".cpp") else ["cc"]
    return [*compiler, "-I", str(ROOT / "include")]


def preprocessed_lines(source):
    """Lines that the preprocessor hands to the compiler, as `-E` prints them."""
    text = subprocess.run([*_base(source), "-E", str(BENCH / "compile" / source)], capture_output=True, check=True).stdout
    return text.count(b"\n")


def compile_seconds(source, level):
    """CPU seconds of one compilation, without linking."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*_base(source), level, "-c", str(BENCH / "compile" / source), "-o", os.devnull], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def binary_bytes(source, flags):
    """Bytes of the linked and stripped program at -O2."""
    out = BUILD / "size"
    command = [*_base(source), "-O2", "-DNDEBUG", str(BENCH / "compile" / source), *flags, "-s", "-o", str(out)]
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
