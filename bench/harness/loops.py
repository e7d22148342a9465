"""One loop, and two on two cores: connections shared by the kernel (reusePort) or handed over by one acceptor."""

import random
import statistics
import subprocess

from .peers import BENCH, BUILD, COMPILER, FLAGS
from .process import Server, load

WAYS = {"one": "one loop", "share": "two loops, reusePort", "hand": "two loops, one accepts for both"}
WORK = {0: "echo 64 B, 50 connections", 100: "the same, with 100 µs of work for each message"}


class _Many:
    def __init__(self, way, work):
        self.key, self.way, self.work = way, way, work

    def command(self, job):
        return [str(BUILD / "net_many"), self.way, str(self.work)]


def measure(rounds, seconds, note):
    """Medians of rates, and of the ratios to one loop in the same round. Nothing is pinned: all share the cores."""
    subprocess.run([COMPILER, *FLAGS, str(BENCH / "servers" / "net_many.cpp"), "-pthread", "-o", str(BUILD / "net_many")], check=True)
    out = {}
    for work in WORK:
        rates = {way: [] for way in WAYS}
        servers = {way: Server(_Many(way, work), "echo", pinned=False) for way in WAYS}
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
