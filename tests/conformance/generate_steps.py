"""Random steps of one end of a connection: what it does by itself, and when something happens to it."""
import random

SMALL = [0, 1, 2, 5, 10, 100, 1000, 5000]
ENCODINGS = ["utf8", "latin1", "ascii", "hex", "base64", "base64url"]
HARMLESS_EVENTS = ["connect", "ready", "end", "finish", "close", "error", "drain", "timeout", "pause", "resume", "pipe", "unpipe"]
# Without the listeners of 'error' an error would end the runner.
REMOVED_EVENTS = ["data", "data", "ready", "end", "finish", "close", "drain", "pause", "resume", "pipe"]


class Side:
    """One end of a connection, and what the generator has decided about it."""

    def __init__(self, name, options):
        self.name, self.options = name, options
        self.accepted = "." in name
        self.steps = []  # (moment, step): moment is a block number or a trigger
        self.budget = 40000  # bytes that it may send: more could fill the kernel's buffers
        self.may_write_in_reactions = True
        self.may_write_in_blocks = True
        self.may_end_in_reactions = True
        self.may_write_later = True
        self.chunk_sensitive = False
        self.ended = False
        self.writes = 0
        self.ends = 0
        self.markers = 0
        self.tags = 0
        self.corked = False
        self.encoded = False
        self.connected = False
        self.may_cork = True  # what stays corked would be sent to a side that is gone


class Steps:
    def __init__(self, seed, index):
        self.random = random.Random(f"{seed}/{index}")
        self.title = f"random {seed}/{index}"
        self.header, self.start, self.blocks, self.when = [], [], [], {}
        self.queued = False
        self.pipe_from = None

    def chance(self, p):
        return self.random.random() < p

    def pick(self, values):
        return self.random.choice(values)

    def react(self, actor, event, steps):
        self.when.setdefault(f"when {actor} {event}", []).extend(steps)

    def harmless(self, side):
        """A step that sends nothing and kills nothing."""
        roll = self.random.random()
        name = side.name
        if roll < 0.12:
            return [f"{name} pause"]
        if roll < 0.30:
            return [f"{name} resume"]
        if roll < 0.44:
            return [f"{name} on data"]
        if roll < 0.50 and side.chunk_sensitive:
            return [f"{name} read"]
        if roll < 0.55 and side.chunk_sensitive:
            return [f"{name} read {self.pick([0, 1, 3, 5, 10, 100])}"]
        if roll < 0.60:
            side.markers += 1
            return [f"{name} tick m{side.markers}"]
        if roll < 0.65:
            side.markers += 1
            return [f"{name} immediate m{side.markers}"]
        if roll < 0.70:
            return [f"{name} timeout {self.pick([0, 5000, 60000])}" + self.pick(["", " cb"])]
        if roll < 0.74:
            return [f"{name} keepAlive {self.pick(['0', '1', '1 5000'])}"]
        if roll < 0.78:
            return [f"{name} {self.pick(['unref', 'ref'])}"]
        if roll < 0.86:
            side.tags += 1
            verb = self.pick(["on", "once", "prependListener", "prependOnceListener"])
            # What is in the buffer shows by the number of 'readable', and by what is put back between.
            event = self.pick(HARMLESS_EVENTS + ["readable", "data"] * (2 * side.chunk_sensitive))
            steps = [f"{name} {verb} {event} t{side.tags}"]
            if self.chance(0.3):
                steps.append(f"{name} off t{self.random.randint(1, side.tags)}")
            if self.chance(0.3):
                steps.append(f"{name} removeAll {self.pick(REMOVED_EVENTS + ['readable'] * 3 if side.chunk_sensitive else REMOVED_EVENTS)}")
            if self.chance(0.2) and side.chunk_sensitive:
                steps.append(f"{name} {self.pick(['off data', 'on readable', 'off readable'])}")
            if self.chance(0.2) and side.chunk_sensitive and not side.encoded:
                steps.append(f"{name} unshift {self.pick([0, 1, 3, 200])}")
                side.encoded = None
            return steps
        if roll < 0.90:
            return [f"{name} listeners {self.pick(['ready', 'timeout'])}"]
        # Bytes that are put back are no text.
        if roll < 0.93 and not side.options.get("onread") and side.encoded is not None:
            side.encoded = True
            return [f"{name} encoding {self.pick(ENCODINGS)}"]
        if roll < 0.96 and side.connected and side.may_cork:
            side.corked = not side.corked
            return [f"{name} {'cork' if side.corked else 'uncork'}"]
        return [f"{name} noDelay 1"]

    def write(self, side):
        """One write, or several in a cork."""
        size = self.pick(SMALL)
        if size > side.budget:
            size = 1
        side.budget -= size
        side.writes += 1
        callback = ""
        if self.chance(0.5):
            callback = " cb"
        steps = [f"{side.name} write {size}{callback}"]
        # Node counts corked bytes as NaN while connecting, so there are no corks before the connection.
        if side.connected and self.chance(0.1):
            steps = [f"{side.name} cork", *steps, f"{side.name} write {self.pick([1, 7])} cb", f"{side.name} uncork"]
        return steps

    def end(self, side):
        side.ended = True
        data = f" {self.pick([1, 10, 200])}" if self.chance(0.3) and side.may_write_in_blocks else ""
        return [f"{side.name} end{data}{self.pick(['', ' cb'])}"]

    def side_steps(self, side):
        """What one side does in one quiet block."""
        steps = []
        for _ in range(self.random.randint(1, 4)):
            roll = self.random.random()
            if roll < 0.45 and side.may_write_in_blocks and not side.ended:
                steps += self.write(side)
            elif roll < 0.6 and side.ends_in_block and not side.ended:
                steps += self.end(side)
                side.may_write_in_blocks = False
            else:
                steps += self.harmless(side)
        return steps

    def reactions(self, side, triggers, early):
        """What a side does when something happens to it; `early` are the triggers that come before any data."""
        for trigger in triggers:
            if not self.chance(0.3):
                continue
            actor, event = trigger
            steps = []
            # How much has come by then is different from run to run.
            # A pause may come before connect(), and after 'finish' a write kills the socket.
            after_data = event in ("data", "tick:m1", "immediate:m1") and not side.chunk_sensitive
            at_once = event in ("pause", "finish")
            # Events of a client that may come before 'ready', which may write.
            late_writes = at_once or not side.accepted and event not in ("data", "end", "cb:w2")
            for _ in range(self.random.randint(1, 3)):
                roll = self.random.random()
                can_write = side.may_write_in_reactions and not side.ended and not at_once
                if roll < 0.35 and can_write and (trigger in early or side.may_write_later and not side.ends_in_block):
                    steps += self.write(side)
                elif roll < 0.42 and side.may_end_in_reactions and not side.ended and trigger not in early and not late_writes:
                    side.may_write_in_blocks = False
                    steps += self.end(side)
                else:
                    steps += self.harmless(side)
            # Node never finishes when a cork before the connection meets an end().
            before = actor == side.name and event in ("connect", "resume", "pause", "tick:m1", "immediate:m1")
            if before and not side.accepted:
                steps = [step for step in steps if step.split()[1] not in ("cork", "uncork")]
            if after_data:
                steps = [step for step in steps if step.split()[1] not in ("pause", "read")]
            if steps:
                self.react(actor, event, steps)
