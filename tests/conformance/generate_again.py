"""Random scenarios of what is called inside 'close' and before it: connections, servers and sockets that begin again.

Clients connect one after another, so it is always known which of them a server accepts. What a server's closing does to
a connection that it has not accepted yet is the kernel's affair: a server closes when the network is quiet, or in an
event that leaves nothing in its queue.
"""
import random

CLOSED = ["write 3 cb", "write 3", "end", "end 3", "destroy", "destroy error", "pause", "resume", "read", "tick m", "immediate m",
          "on data", "timeout 5000", "cork", "uncork", "reset", "keepAlive 1"]
# What waits for a connection that never comes stays behind in Node, and disturbs the next one.
CONNECTING = ["destroy", "destroy error", "pause", "resume", "read", "tick m", "immediate m", "on data", "timeout 5000", "unshift 3",
              "keepAlive 1"]
WAITING = ["write 3 cb", "write 3", "end cb", "end", "end 3 cb", "destroySoon"]
NOWHERE = ["refused", "nopath", "longpath", "badbind", "port0"]
SOCKET_EVENTS = ["connect", "ready", "end", "finish", "error", "close", "cb:w1", "cb:e1", "tick:m", "immediate:m", "cb:c1"]
SERVER_EVENTS = ["listening", "connection", "close", "error", "cb:l1", "cb:x1", "tick:m", "immediate:m"]


class Generator:
    def __init__(self, seed, index):
        self.random = random.Random(f"again {seed}/{index}")
        self.title = f"random {seed}/{index}"
        self.blocks, self.when = [], {}
        self.waits = False  # something may wait for a connection that never comes

    def chance(self, p):
        return self.random.random() < p

    def pick(self, values):
        return self.random.choice(values)

    def target(self, only=None):
        servers = self.servers if only is None else only
        return self.pick([*servers, *servers, self.pick(NOWHERE)])

    def again(self, name, more=True, only=None):
        """A socket that has closed is used: perhaps before it connects, then it connects, and something follows. `more`
        says that it may connect once more."""
        steps = [f"{name} {self.pick(CLOSED)}" for _ in range(self.pick([0, 0, 0, 1]))]
        steps.append(f"{name} connectAgain {self.target(only)}{self.pick(['', '', ' cb'])}")
        after = CONNECTING if more else CONNECTING + WAITING
        self.waits = self.waits or not more
        steps += [f"{name} {self.pick(after)}" for _ in range(self.pick([0, 0, 1, 1, 2]))]
        return steps

    def react(self, head, steps):
        self.when.setdefault(head, []).extend(steps)

    def client_reactions(self, name):
        rounds = self.pick([0, 1, 1, 2, 5])
        for number in range(1, rounds + 1):
            steps = self.again(name, number < rounds or self.chance(0.5), "" if self.handing_on else None) if self.chance(0.8) else [f"{name} {self.pick(CLOSED + ['end cb'] * (number == rounds))}"]
            # Node keeps the callback, and calls it when the next connection fails.
            self.waits = self.waits or steps[0].endswith(" end cb")
            self.react(f"when {name} close #{number}", steps)
        return rounds
        for event in SOCKET_EVENTS:
            if event != "close" and self.chance(0.08):
                harmless = ["pause", "resume", "on data", "tick m", "immediate m", "listeners ready", "timeout 5000", "removeAll close", "off close"]
                if event in ("end", "finish", "connect", "ready"):
                    harmless += ["end cb", "destroySoon", "destroy"]
                self.react(f"when {name} {event}{self.pick(['', ' #2'])}", [f"{name} {self.pick(harmless)}"])

    def accepted_reactions(self, name):
        """The sockets that a server accepted are the library's own kind: their listeners go after 'close'."""
        # Of two that connect at the same time nobody knows which is accepted first.
        others = self.servers[1:] if self.handing_on and name[0] == "A" else ""
        if self.chance(0.3):
            self.react(f"when {name} close", self.again(name, only=others) if self.chance(0.6) else [f"{name} {self.pick(CLOSED)}"])
        if self.chance(0.15):
            self.react(f"when {name} close #2", self.again(name, only=""))

    def server_step(self, name):
        # Node shows the path that a server had, also while it looks a host up, and after that one.
        fails = "listen nodir" if self.kinds[name] == "pipe" else "listen badhost"
        return f"{name} " + self.pick(["listen", "listen cb", "listen", "close", "close cb", "close cb", "connections", "tick m", "immediate m", "max 0",
                                       "max none", f"listen as {self.pick(self.servers)}", fails, f"{fails} cb", "ref"])

    def server_reactions(self, name):
        for event in SERVER_EVENTS:
            if not self.chance(0.25):
                continue
            steps = [self.server_step(self.pick(self.servers)) for _ in range(self.pick([1, 1, 2, 3]))]
            self.react(f"when {name} {event}{self.pick(['', '', ' #2'])}", steps)

    def scenario(self):
        self.handing_on = self.chance(0.3)  # the sockets of server A connect to other servers, and clients do not
        self.servers = "ABC"[: self.pick([1, 2, 2, 3])]
        self.kinds = {name: self.pick(["ip", "any", "pipe"]) for name in self.servers}
        lines = [f"scenario {self.title}"]
        for name, kind in self.kinds.items():
            lines.append(f"server {name} kind={kind}{' oneuse' if self.chance(0.4) else ''}{' halfopen' if self.chance(0.1) else ''}")
        clients = "cde"[: self.pick([1, 1, 2, 3])]
        # What a connection that is gone makes of a write shows at once if writes are not batched.
        lines += [f"client {name} hwm=1000{' oneuse' if self.chance(0.4) else ''}{' halfopen' if self.chance(0.1) else ''}" for name in clients]
        start = [f"{name} listen{self.pick(['', ' cb'])}" for name in self.servers if self.chance(0.9)]
        for name in self.servers:
            self.server_reactions(name)
            for number in (1, 2, 3):
                self.react(f"when {name} connection #{number}", [f"{name}.{number} {self.pick(['resume', 'on data', 'resume'])}"])
                self.accepted_reactions(f"{name}.{number}")
        for name in clients:
            self.waits = False
            steps = [f"{name} connect {self.target()}{self.pick(['', ' cb'])}", f"{name} {self.pick(['resume', 'on data', 'resume'])}"]
            again = self.client_reactions(name) > 0
            after = CONNECTING if again else CONNECTING + WAITING
            steps += [f"{name} {self.pick(after)}" for _ in range(self.pick([0, 1, 1, 2]))]
            self.blocks.append(steps)
            for _ in range(self.pick([0, 1, 2])):
                step = self.pick(["end", "end cb", "destroy", "destroySoon", "write 3 cb", "resume"])
                self.waits = self.waits or step == "end cb"
                self.blocks.append([f"{name} {step}"])
            if again and not self.waits and self.chance(0.5):
                self.blocks.append(self.again(name))
            if self.chance(0.5):
                self.blocks.append([self.server_step(self.pick(self.servers)) for _ in range(self.pick([1, 2, 3]))])
        # A server that closes while another connection is in its queue resets that one, and when is the kernel's affair.
        if len(clients) > 1 or any(" connectAgain " in step for steps in self.when.values() for step in steps):
            for head, steps in self.when.items():
                if head.split()[2] in ("connection", "tick:m", "immediate:m") and "." not in head.split()[1]:
                    self.when[head] = [step for step in steps if " close" not in step and " connections" not in step]
        # What waits for a connection that the server drops at once reaches it before or after that.
        lists = [*self.when.values(), *self.blocks]
        if any(" max 0" in step for steps in lists for step in steps):
            for steps in lists:
                if any(" connect" in step for step in steps):
                    steps[:] = [step for step in steps if step.split()[1] != "write" and " end 3" not in step]
        lines += ["start", *(f"  {step}" for step in start)]
        for head, steps in self.when.items():
            lines += [head, *(f"  {step}" for step in steps)]
        for block in self.blocks:
            lines += ["quiet", *(f"  {step}" for step in block)]
        return "\n".join(lines) + "\n"
