"""A server that works for each connection, in one process and in two workers, beside Node's cluster; and what it costs to
hand one socket over to another process."""

import random
import statistics
import subprocess
import tempfile
from pathlib import Path

from .counting import _parse_strace
from .peers import Peer, build_server, node
from .process import DEADLINE, Server, load

WAYS = {"one": "one process", "rr": "two workers, in turn", "none": "two workers, one socket", "reuse": "two workers, reusePort"}
WORK = 100  # microseconds for each connection
HANDOVERS = 20_000

OURS = Peer("net-cluster", "net.hpp", "net_cluster.cpp", variant=str(WORK), flags=("-pthread",), jobs=tuple(WAYS), ours=True)
NODES = Peer("node-cluster", "Node", "node_cluster.js", variant=str(WORK), jobs=tuple(WAYS))


def measure(rounds, seconds, note):
    """Medians of rates, of the ratios to one process, and of those to Node, in the same round. Nothing is pinned."""
    why = build_server(OURS)
    if why:
        raise RuntimeError(f"{OURS.source} {why}")
    peers = [OURS, NODES] if node() else [OURS]
    rates = {(peer.key, way): [] for peer in peers for way in WAYS}
    servers = {(peer.key, way): Server(peer, way, pinned=False) for peer in peers for way in WAYS}
    for number in range(-1, rounds):
        order = list(rates)
        random.Random(number).shuffle(order)
        for which in order:
            result = load(servers[which], "visit", pinned=False, seconds=seconds, warm_up=seconds / 5, connections=50)
            if number >= 0:
                rates[which].append(result["done"] / result["seconds"])
        note(f"clusters, round {number + 1}/{rounds}")
    for server in servers.values():
        server.stop()
    served = {}
    for (key, way), own in rates.items():
        alone, nodes = rates[key, "one"], rates.get((NODES.key, way))
        served.setdefault(key, {})[way] = {
            "rate": statistics.median(own), "ratio": _ratio(own, alone), "of_node": nodes and _ratio(own, nodes)}
    note("handovers")
    return {"served": served, "handovers": statistics.median(HANDOVERS / _seconds(HANDOVERS) for _ in range(rounds)),
            "system_calls": _system_calls()}


def _ratio(own, others):
    return statistics.median(mine / theirs for mine, theirs in zip(own, others))


def _seconds(times, wrap=()):
    command = [*wrap, str(OURS.binary), "handovers", str(times)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=DEADLINE).stdout)


def _system_calls():
    """Of one handover, in both processes, by name."""
    few, many = 500, 1500
    counts = {}
    for times in (few, many):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "strace"
            _seconds(times, ["strace", "-D", "-f", "-c", "-o", str(out)])
            counts[times] = _parse_strace(out)
    calls = {name: (counts[many].get(name, 0) - counts[few].get(name, 0)) / (many - few) for name in counts[many]}
    return {name: round(number, 2) for name, number in calls.items() if number > 0.01}
