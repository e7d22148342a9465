"""Compares two traces of a scenario, actor by actor."""
import difflib
import re


def split(output):
    """The traces of one run, each a dict from an actor to its lines; '' holds what concerns all of it."""
    traces = []
    actor = None
    for line in output.splitlines():
        if line.startswith("=== "):
            traces.append({"": []})
            actor = ""
        elif line.startswith("["):
            actor = line[1:line.index("]")]
            traces[-1][actor] = [line]
        elif traces:
            traces[-1][actor].append(line)
    return traces


def orders(trace):
    """The order of events of each actor, without what came with them."""
    return [lines[0].partition("] ")[2] for actor, lines in trace.items() if actor]


def rows(file):
    for line in file.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


def read_meant(file, windows=False):
    """Differences that are meant: (rule, side, pattern, replacement), see meant.txt."""
    meant = []
    for rule, side, pattern, replacement in rows(file):
        side, _, system = side.partition("@")
        if side != "left out" and (not system or windows):
            meant.append((rule, side, re.compile(pattern, re.M), replacement.replace("\\n", "\n")))
    return meant


def read_left_out(file):
    """What Windows has nothing to compare with: (rule, pattern in the text of a scenario, why)."""
    return [(rule, re.compile(pattern, re.M), why) for rule, side, pattern, why in rows(file) if side == "left out@windows"]


def rewritten(trace, side, meant, used):
    """The trace with every difference that is meant turned into the same text on both sides."""
    if trace is None:
        return None
    out = {}
    for actor, lines in trace.items():
        text = "\n".join(lines[1:] if actor else lines) + "\n"
        for rule, where, pattern, replacement in meant:
            if where in (side, "both"):
                text, count = pattern.subn(replacement, text)
                if count and used is not None:
                    used[rule] = used.get(rule, 0) + 1
        out[actor] = text
    return out


def difference(node, net, meant, used=None):
    """True if what is left after the meant differences is not the same."""
    if node is None or net is None:
        return True
    if node == net:
        return False
    return rewritten(node, "node", meant, used) != rewritten(net, "net", meant, used)


def show(node, net, meant):
    """A readable difference, actor by actor."""
    a, b = rewritten(node, "node", meant, None) or {}, rewritten(net, "net", meant, None) or {}
    out = []
    for actor in sorted({*a, *b}):
        if a.get(actor) != b.get(actor):
            out += difflib.unified_diff(a.get(actor, "").splitlines(), b.get(actor, "").splitlines(),
                                        f"{actor} over Node", f"{actor} over net.hpp", lineterm="", n=4)
    return "\n".join(out) or "(a runner gave no trace)"
