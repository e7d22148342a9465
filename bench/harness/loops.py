"""One loop, and two on two cores: connections shared by the kernel (reusePort) or handed over by one acceptor."""

import random
import statistics

from .peers import Peer, build_server
from .process import Server, load

WAYS = {"one": "one loop", "share": "two loops, reusePort", "hand": "two loops, one accepts for both"}
WORK = {0: "echo 64 B, 50 connections", 100: "the same, with 100 µs of work for each message"}


def _server(work):
    return Peer("net-many", "net.hpp", "net_many.cpp", variant=str(work), flags=("-pthread",), jobs=tuple(WAYS), ours=True)


def measure(rounds, seconds, note):
    """Medians of rates, and of the ratios to one loop in the same round. Nothing is pinned: all share the cores."""
    why = build_server(_server(0))
    if why:
        raise RuntimeError(f"net_many.cpp {why}")
    out = {}
    for work in WORK:
        rates = {way: [] for way in WAYS}
        servers = {way: Server(_server(work), way, pinned=False) for way in WAYS}
        for number in range(-1, rounds):
            order = list(WAYS)
            random.Random(number).shuffle(order)
            for way in order:
                result = load(servers[way], "ping-pong", pinned=False, seconds=seconds, warm_up=seconds / 5, connections=50)
                if number >= 0:
                    rates[way].append(result["done"] / result["seconds"])
            note(f"loops, {work} us of work, round {number + 1}/{rounds}")
        for server in servers.values():
            server.stop()
        out[str(work)] = {way: {"rate": statistics.median(own), "ratio": statistics.median(
            mine / one for mine, one in zip(own, rates["one"]))} for way, own in rates.items()}
    return out
