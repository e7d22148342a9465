#!/usr/bin/env python3
"""Random scenarios from a seed: generate.py --seed S [--first N] [--count N].

A scenario says only what both sides must agree on. Its blocks act on one side of a connection at a
time, once the network is quiet, and a socket's reactions act on that socket alone. Where the kernel
decides what happens (data against RST, how a stream is cut), the generator keeps away; each such
place is named in a comment here or in generate_steps.py, and in README.md.
"""
import argparse

import generate_again
import generate_connecting
import generate_piping
from generate_steps import Side, Steps


class Generator(Steps):
    def connection(self, client, server, accepted, blocks):
        c, s = Side(client[0], client[1]), Side(accepted, server[1])
        killer = self.pick([None, None, c, s])
        peer = {None: None, c: s, s: c}[killer]
        early_kill = killer is not None and self.chance(0.25)
        for side in (c, s):
            side.ends_in_block = self.chance(0.5)
            # How a stream is cut shows when a socket is paused in 'data', reads, stops onread or stops at a small
            # mark: then the other side writes in blocks only, each block being one burst.
            side.chunk_sensitive = self.chance(0.3) or "hwm" in side.options
        if killer is None and self.pipe_from and not c.chunk_sensitive and self.chance(0.5):
            source, self.pipe_from = self.pipe_from, None
            s.may_write_in_blocks = s.may_write_in_reactions = s.may_end_in_reactions = False
            s.ended = True
            self.react(server[0], f"connection #{accepted.split('.')[1]}", [f"{source} pipe {s.name}{self.pick(['', '', ' noend'])}"])
        for side, other in ((c, s), (s, c)):
            if other.chunk_sensitive:
                side.may_write_in_reactions = False
            if side.ends_in_block or self.chance(0.5):
                side.may_end_in_reactions = False
            else:
                side.may_write_later = False
        if killer:
            # Bytes that reach a dead socket come back as RST: the survivor writes only before, and never by itself.
            peer.may_write_in_reactions = c.may_cork = s.may_cork = False
            if early_kill:
                peer.may_write_in_blocks = False
                killer.may_write_in_reactions = False
        self.connect_block(c, s, server, killer if early_kill else None)
        c.connected = s.connected = True
        echo = killer is None and not s.chunk_sensitive and not c.chunk_sensitive and self.chance(0.08)
        if echo:
            s.may_write_in_blocks = s.may_write_in_reactions = s.may_end_in_reactions = False
            s.ended = True
            self.react(server[0], f"connection #{accepted.split('.')[1]}", [f"{accepted} pipe {accepted}"])
        self.side_reactions(c, s, server, accepted)
        if killer is None and not echo and not s.chunk_sensitive and self.chance(0.1):
            self.pipe_from = s.name
        if early_kill:
            return
        for block in range(blocks):
            side = self.pick([c, s])
            if self.chance(0.04):
                # Fires once: what comes after it must not start it again.
                self.blocks.append([f"{side.name} timeout 12{self.pick(['', ' cb'])}"])
                self.react(side.name, "timeout #*", [f"{side.name} timeout 0"])
            # A socket that goes with unread bytes resets, and a reset behind bytes may or may not be seen.
            if killer and block == blocks - 1 and not (killer.writes and peer.writes):
                self.blocks.append(self.kill(killer, peer))
                peer.may_write_in_blocks = False
                continue
            steps = self.side_steps(side)
            if killer is None and not (c.chunk_sensitive or s.chunk_sensitive) and self.chance(0.15):
                steps += self.side_steps(s if side is c else c)
            self.blocks.append(steps)

    def connect_block(self, c, s, server, early_killer):
        steps = []
        if self.chance(0.4):
            steps += self.harmless(c)
        steps.append(f"{c.name} connect {server[0]}{self.pick(['', ' cb'])}")
        while self.chance(0.3) and c.may_write_in_blocks:
            steps += self.write(c)
            self.queued = True
        if self.chance(0.08) and early_killer is not s:
            steps += self.end(c)
            self.queued = True
            c.may_write_in_reactions = c.may_write_in_blocks = False
        if early_killer is c and self.chance(0.5):
            steps.append(f"{c.name} {self.pick(['destroy', 'destroy error', 'destroySoon'])}")
        elif early_killer is c:
            self.react(c.name, self.pick(["connect", "ready"]), [f"{c.name} {self.pick(['destroy', 'destroy error', 'destroySoon'])}"])
        elif early_killer is s:
            number = s.name.split(".")[1]
            self.react(server[0], f"connection #{number}", [f"{s.name} {self.pick(['destroy', 'destroy error', 'destroySoon'])}"])
        self.blocks.append(steps)

    def side_reactions(self, c, s, server, accepted):
        number = accepted.split(".")[1]
        c_early = [(c.name, "connect"), (c.name, "ready")]
        s_early = [(server[0], f"connection #{number}")]
        later = ["data", "end", "finish", "drain", "cb:w1", "cb:w2", "tick:m1", "immediate:m1", "pause", "resume"]
        self.reactions(c, c_early + [(c.name, event) for event in later], c_early)
        self.reactions(s, s_early + [(s.name, event) for event in later], s_early)
        if self.chance(0.75):
            self.react(*c_early[0], [f"{c.name} {self.pick(['on data', 'resume', 'on data'])}"])
        if self.chance(0.75):
            self.react(*s_early[0], [f"{s.name} {self.pick(['on data', 'resume', 'on data'])}"])

    def kill(self, killer, peer):
        roll = self.random.random()
        name = killer.name
        # A reset behind data that the other side has not read may or may not be seen.
        if roll < 0.25 and killer.writes == 0:
            return [f"{name} reset"]
        if roll < 0.45:
            return [f"{name} destroy"]
        if roll < 0.6:
            return [f"{name} destroy error"]
        if roll < 0.75:
            return [f"{name} destroySoon"]
        if roll < 0.85:
            return [f"{name} end cb", f"{name} write 3 cb"]
        if roll < 0.93:
            return [f"{name} end cb", f"{name} {self.pick(['destroy', 'destroy error'])}"]
        return [f"{name} destroy", f"{name} write 3 cb", f"{name} end cb"]

    def options(self, server):
        options = {}
        if self.chance(0.25):
            options["halfopen"] = ""
        if self.chance(0.2):
            options["hwm"] = str(self.pick([0, 1, 16, 1000, 16384]))
        if server and self.chance(0.15):
            options["pauseOnConnect"] = ""
        if not server and self.chance(0.06):
            options["onread"] = self.pick(["16", "1000", "64"])
        return options

    def scenario(self):
        servers = []
        for name in ("A", "B")[: 2 if self.chance(0.15) else 1]:
            servers.append((name, {"kind": self.pick(["ip", "ip", "any", "pipe", "pipe"]), **self.options(True)}))
            self.start.append(f"{name} listen{self.pick(['', ' cb'])}")
        clients = [(name, self.options(False)) for name in "cde"[: self.pick([1, 1, 1, 2, 2, 3])]]
        accepted = {server[0]: 0 for server in servers}
        listening = {server[0]: True for server in servers}
        for client in clients:
            server = self.pick(servers)
            self.server_block(server, listening)
            if self.chance(0.06):
                self.blocks.append([f"{client[0]} {self.pick(['write 3 cb', 'end cb', 'end 3 cb', 'destroy', 'destroy error', 'reset', 'destroySoon', 'pause', 'resume', 'read', 'timeout 5000'])}"])
                if self.chance(0.7):
                    continue
                # The next connect of a socket that failed is only allowed once it has closed.
                self.blocks.append([f"{client[0]} connectAgain {server[0]}"])
                accepted[server[0]] += 1
                continue
            if not listening[server[0]] or self.chance(0.05):
                target = server[0] if not listening[server[0]] else self.pick(["refused", "nopath"])
                steps = [f"{client[0]} connect {target}"]
                while self.chance(0.4):
                    steps.append(f"{client[0]} write 5 cb")
                    self.queued = True
                if self.chance(0.2):
                    steps.append(f"{client[0]} end cb")
                    self.queued = True
                self.blocks.append(steps)
                continue
            if self.chance(0.05):
                self.blocks += [[f"{server[0]} max 0"], [f"{client[0]} connect {server[0]}"], [f"{server[0]} max none"]]
                continue
            accepted[server[0]] += 1
            name = f"{server[0]}.{accepted[server[0]]}"
            self.connection(client, server, name, self.random.randint(1, 5))
        for server in servers:
            self.server_block(server, listening)
        if self.chance(0.5):
            self.blocks.append([f"{clients[0][0]} resume"])
        if self.chance(0.04):
            self.throw()
        # A write or an end that waited for a connection which never came stays behind in Node, and disturbs the next one.
        # So does the callback of an end() after destroy().
        last = clients[-1][0]
        steps = [step for block in [*self.blocks, *self.when.values()] for step in block]
        if any(step.startswith(f"{last} end") and step.endswith("cb") for step in steps):
            self.queued = True
        # Node goes on to need a 'drain' that the connection before was owed.
        if "hwm" in clients[-1][1]:
            self.queued = True
        if not self.queued and self.chance(0.25):
            self.blocks.append([f"{last} connectAgain {servers[0][0]}", f"{last} {self.pick(['resume', 'end', 'pause'])}"])
        return self.text(servers, clients)

    def throw(self):
        """An exception in one of the reactions that nothing else follows in Node's own code. First in the
        reaction: Node puts ticks that were queued before an exception off until the next callback (S2.13)."""
        heads = [head for head in self.when if head.split()[2] == "close"]
        if heads:
            head = self.pick(heads)
            self.when[head].insert(0, f"{head.split()[1]} throw")

    def server_block(self, server, listening):
        name = server[0]
        if self.chance(0.12):
            self.blocks.append([f"{name} connections"])
        if self.chance(0.08):
            steps = [f"{name} close{self.pick(['', ' cb'])}"]
            listening[name] = False
            if self.chance(0.3):
                steps.append(f"{name} close cb")
            if self.chance(0.5):
                steps.append(f"{name} listen{self.pick(['', ' cb'])}")
                listening[name] = True
            self.blocks.append(steps)
        elif self.chance(0.05):
            self.blocks.append([f"{name} listen{self.pick(['', ' cb'])}"])
            listening[name] = True

    def text(self, servers, clients):
        lines = [f"scenario {self.title}"]
        for kind, actors in (("server", servers), ("client", clients)):
            for name, options in actors:
                words = [f"{key}={value}" if value else key for key, value in options.items()]
                lines.append(" ".join([kind, name, *words]))
        lines.append("start")
        lines += [f"  {step}" for step in self.start]
        for head, steps in self.when.items():
            lines.append(head)
            lines += [f"  {step}" for step in steps]
        for block in self.blocks:
            lines.append("quiet")
            lines += [f"  {step}" for step in block]
        return "\n".join(lines) + "\n"


def scenario(seed, index):
    """One in four is about getting connected, one in eight about pipes and one about beginning again."""
    kinds = {1: generate_piping.Generator, 5: generate_again.Generator, 3: generate_connecting.Generator, 7: generate_connecting.Generator}
    return kinds.get(index % 8, Generator)(seed, index).scenario()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    for index in range(options.first, options.first + options.count):
        print(scenario(options.seed, index))


if __name__ == "__main__":
    main()
