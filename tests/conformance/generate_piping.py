"""Random scenarios of listeners that come and go, pipes, and bytes that are put back.

Each client has its own connection, and its socket at the server is the one that reads, pipes and changes its
listeners, inside any of its events. One client sends one burst a block, so what its socket has seen by then is always
the same. Pipes lead from a connection to the same one or a later one, or nothing would ever end.
"""
import random

EVENTS = ["data", "readable", "end", "close", "error", "finish", "drain", "pipe", "unpipe", "pause", "resume", "prefinish"]
HEARD = ["connection", "data", "end", "finish", "pipe", "unpipe", "pause", "resume", "readable", "close", "error", "drain",
         "tick:m", "immediate:m", "cb:w1", "readable.r", "data.d", "end.d"]
VERBS = ["on", "once", "prependListener", "prependOnceListener"]


class Generator:
    def __init__(self, seed, index):
        self.random = random.Random(f"piping {seed}/{index}")
        self.title = f"random {seed}/{index}"
        self.blocks, self.when = [], {}
        self.tags = 0
        self.ended = set()
        self.sent = {}
        self.at_end = False
        self.taking_off = False

    def chance(self, p):
        return self.random.random() < p

    def pick(self, values):
        return self.random.choice(values)

    def names(self, number):
        """The sockets that a pipe from connection `number` may lead to: its own, and later ones."""
        return [f"A.{k}" for k in range(number, self.count + 1)]

    def listening(self, name):
        """Listeners come or go."""
        roll = self.random.random()
        if roll < 0.35:
            self.tags += 1
            event = self.pick(["data" if self.pipes else "readable", "readable", *EVENTS])
            # Its name is one of HEARD, so that something follows from it.
            tag = {"readable": "r", "data": "d", "end": "d"}.get(event, f"t{self.tags}")
            return f"{name} {self.pick(VERBS)} {event} {tag}"
        if roll < 0.50:
            return f"{name} on {self.pick(['data', 'data', 'readable'])}"
        if roll < 0.62:
            return f"{name} off {self.pick(['data', 'data', 'readable', 'end', 'close', 'pause', 'r', 'd'])}"
        if roll < 0.80:
            return f"{name} removeAll {self.pick(['data' if self.pipes else 'readable', *(event for event in EVENTS if event not in ('error', 'unpipe'))])}"
        return f"{name} {self.pick(['pause', 'resume', 'resume'])}"

    def step(self, number, alive):
        """What one of the server's sockets does; `alive` forbids what ends or kills it."""
        name = f"A.{number}"
        roll = self.random.random()
        if roll < 0.40:
            return self.listening(name)
        if roll < 0.55 and self.pipes:
            return f"{name} pipe {self.pick(self.names(number))}{self.pick(self.ways)}"
        if roll < 0.65 and not self.at_end:
            return f"{name} unpipe{self.pick(['', ' ' + self.pick(self.names(1))])}"
        if roll < (0.70 if self.pipes else 0.80) and not self.taking_off:
            return f"{name} unshift {self.pick([0, 1, 2, 5, 300])}"
        if roll < 0.86 and not self.taking_off:
            return f"{name} read{self.pick(['', ' 1', ' 3', ' 10', ' 400', ' 0'])}"
        if roll < 0.90:
            return f"{name} {self.pick(['tick', 'immediate'])} m"
        if roll < 0.94 or alive or not self.kills:
            return f"{name} write {self.pick([1, 7])}{self.pick(['', ' cb'])}"
        return f"{name} {self.pick(['end', 'end cb', 'destroy', 'destroy error', 'destroySoon'])}"

    def steps(self, number, most, alive):
        steps = [self.step(number, alive) for _ in range(self.random.randint(1, most))]
        # The same for one that has ended before the pipe: Node ends its destination on the next tick, unpiped or not.
        piped = False
        return [step for step in steps if not (piped := piped or " pipe " in step) or " unpipe" not in step]

    def reactions(self, number):
        for event in HEARD:
            if not self.chance(0.16):
                continue
            # What comes once may end the socket; what may come early or often may not.
            alive = event not in ("end", "end.d", "tick:m", "immediate:m")
            # What is unpiped inside 'end' does not end its destination here, as S1.4 wants, and does in Node.
            self.at_end = event in ("end", "end.d", "pipe")
            # What is read inside these still goes to the destination that is being taken off in Node; here it is off (S24.9).
            self.taking_off = self.pipes and event in ("pause", "unpipe")
            head = f"when A connection #{number}" if event == "connection" else f"when A.{number} {event}{self.pick(['', '', ' #2'])}"
            steps = self.steps(number, 3, alive)
            if self.chance(0.15):
                steps += self.steps(self.random.randint(1, self.count), 1, True)
            self.when.setdefault(head, []).extend(steps)
            self.at_end = self.taking_off = False

    def burst(self, client):
        """One client sends, and perhaps ends."""
        if client in self.ended:
            return [f"{client} resume"]
        size = self.pick([1, 5, 10, 100, 1000])
        count = self.pick([1, 1, 2]) if self.kills else 1
        if self.kills:
            # A socket that goes with bytes unread resets, and what the other side sees then depends on when it reads: so its
            # mark, at which it stops reading, is reached by the last burst at the earliest.
            if self.sent.get(client, 0) >= 500:
                return [f"{client} resume"]
            count = 1 if size == 1000 else count
            self.sent[client] = self.sent.get(client, 0) + size * count
        steps = [f"{client} write {size}{self.pick(['', '', ' cb'])}" for _ in range(count)]
        if self.chance(0.15):
            steps.append(f"{client} end")
            self.ended.add(client)
        return steps

    def scenario(self):
        self.count = self.pick([1, 2, 2, 3])
        self.pipes = self.chance(0.5)  # pipes, or 'readable' and bytes that are put back
        kind = self.pick(["ip", "any", "pipe", "pipe"])
        self.kills = self.chance(0.5)
        options = "".join(f" {option}" for option, p in (("halfopen", 0.2), ("pauseOnConnect", 0 if self.kills else 0.15)) if self.chance(p))
        # What a connection that is gone makes of a write shows at once if writes are not batched; otherwise nobody is to be
        # gone while others write.
        own = " hwm=1000" if self.kills else " halfopen"
        options += " hwm=1000" if self.kills else ""
        # Whose end comes first, a socket's own or its destination's, is not said when both end in one turn.
        self.ways = ["", "", " noend"] if "halfopen" in options else [" noend"]
        lines = [f"scenario {self.title}", f"server A kind={kind}{options}"]
        clients = "cde"[: self.count]
        lines += [f"client {name}{own}{' oneuse' if self.chance(0.3) else ''}" for name in clients]
        for number, client in enumerate(clients, 1):
            self.reactions(number)
            self.blocks.append([f"{client} connect A", f"{client} {self.pick(['on data', 'resume'])}"])
        # Between two connections, and not before the first byte, a client may lead its bytes on to the next one.
        if self.count > 1 and self.chance(0.25):
            self.blocks.append([f"{clients[0]} pipe {clients[1]} noend"])
        for _ in range(self.random.randint(2, 6)):
            roll = self.random.random()
            if roll < 0.5:
                self.blocks.append(self.burst(self.pick(clients)))
            elif roll < 0.57:
                self.ended.add(client := self.pick(clients))
                self.blocks.append([f"{client} end"])
            else:
                self.blocks.append(self.steps(self.random.randint(1, self.count), 4, self.chance(0.6)))
        lines += ["start", "  A listen"]
        for head, steps in self.when.items():
            lines += [head, *(f"  {step}" for step in steps)]
        for block in self.blocks:
            lines += ["quiet", *(f"  {step}" for step in block)]
        return "\n".join(lines) + "\n"
