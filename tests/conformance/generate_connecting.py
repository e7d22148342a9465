"""Random scenarios of getting connected: lookups, families, block lists, signals, paths.

Each block is about one client, whose addresses refuse, answer, are blocked or are none at all; what hangs is left to
the scenarios written by hand. Where Node cannot be compared with, the generator keeps away; README.md names the places.
"""
import random

REFUSING = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "::1"]
WRONG = ["nowhere", "127.0.0.1/5", "::1/0", "127.0.0.1/6"]
RULES = ["address:127.0.0.1", "address:127.0.0.2", "subnet:127.0.0.2/31", "range:127.0.0.3,127.0.0.9", "subnet:127.0.0.0/8",
         "address:::1", "subnet:::/16", "address:10.0.0.1"]
ANSWERS = ["now", "now", "tick", "immediate", "5", "12"]
PATHS = ["a", "b", "none", "no/such", "nul", "length:108", "length:109", "@x"]


class Client:
    def __init__(self, name, options):
        self.name, self.options = name, options
        self.answered_later = False
        self.hears_lookup = False
        self.stops_at_failure = False
        self.queued = False  # a write or an end waits, and may stay behind


class Generator:
    def __init__(self, seed, index):
        self.random = random.Random(f"connecting {seed}/{index}")
        self.title = f"random {seed}/{index}"
        self.header, self.start, self.blocks, self.when = [], [], [], {}
        self.blocking = False  # a server has a block list
        self.early = {}  # listeners that a client has before it connects

    def chance(self, p):
        return self.random.random() < p

    def pick(self, values):
        return self.random.choice(values)

    def react(self, name, event, steps):
        self.when.setdefault(f"when {name} {event}", []).extend(f"{name} {step}" for step in steps)

    # ── where to ───────────────────────────────────────────────────────────────────────────────
    def addresses(self, client):
        """What a lookup answers."""
        # Node does not survive a destroy in the failure of an address that fails at once.
        refusing, wrong = (REFUSING[:3], WRONG[:3]) if client.stops_at_failure else (REFUSING, WRONG)
        some = [self.pick(refusing) for _ in range(self.pick([0, 0, 1, 1, 2, 3]))]
        some += [self.pick(wrong) for _ in range(self.pick([0, 0, 0, 1, 2]))]
        some += ["127.0.0.1"] * self.pick([0, 1, 1, 1, 2])
        self.random.shuffle(some)
        return some or ["127.0.0.1"]

    def lookup(self, client):
        """The options of a connect by name."""
        roll = self.random.random()
        some = ["error"] if roll < 0.06 else ["none"] if roll < 0.09 else self.addresses(client)
        answer = self.pick(ANSWERS)
        options = ["lookup=" + "+".join(some)] + ([] if answer == "now" else [f"answer={answer}"])
        client.answered_later = answer != "now"
        roll = self.random.random()
        single = roll < 0.3
        if some == ["none"]:
            options.append("select=0")  # Node takes the first of nothing when it selects
            single = True
        elif roll < 0.1:
            options.append("select=0")
        elif roll < 0.2:
            options.append(f"family={self.pick([4, 6])}")
        elif roll < 0.3:
            options.append(f"from={self.pick(['127.0.0.1', '127.0.0.5', '::1'])}")
        elif roll < 0.4:
            options.append("select=1")
        if self.chance(0.1):
            options.append("hints=8")
        # An attempt that takes longer than this would be emitted; on loopback none does.
        options.append("delay=5000")
        return options, single

    def target(self, client, servers):
        """The words behind `connect`, and whether only one address can be tried."""
        server, kind = self.pick(servers)
        roll = self.random.random()
        if kind == "pipe":
            if roll < 0.5:
                return [server], True
            return ["x", f"path={self.pick(PATHS)}"], True
        target = server if self.chance(0.85) else "1"
        if roll < 0.15:
            return [target, f"host={self.pick(['127.0.0.1', '127.0.0.1', '127.0.0.2', '::1'])}"], True
        options, single = self.lookup(client)
        return [target, *options], single

    # ── what a client does ─────────────────────────────────────────────────────────────────────
    def stop(self, client):
        """Something that calls the connection off."""
        signal = client.options.get("signal")
        if signal and self.chance(0.5):
            return f"abort {signal}{self.pick(['', ' why'])}"
        return self.pick(["destroy", "destroy error", "destroy"])

    def reactions(self, client):
        for event in ("lookup", "connectionAttemptFailed", "connect", "ready", "error", "close", "cb:w1"):
            if not self.chance(0.2):
                continue
            steps = [self.pick(["tick m", "immediate m", "listeners ready", "pause", "resume", "on data", "timeout 5000", "timeout 0"])]
            client.hears_lookup = client.hears_lookup or event == "lookup"
            # Node is at its next step already when a blocked address fails.
            stoppable = event in ("lookup", "connect", "ready") or event == "connectionAttemptFailed" and "list" not in client.options
            if stoppable and self.chance(0.4):
                steps = [self.stop(client)]
                client.stops_at_failure = client.stops_at_failure or event == "connectionAttemptFailed"
                event += f" #{self.pick([1, 1, 2])}"
            self.react(client.name, event, steps)
        if self.chance(0.25):
            event = self.pick(["lookup", "connectionAttempt", "connectionAttemptFailed", "connect", "ready", "close"])
            verb = self.pick(["on", "once", "prependListener", "prependOnceListener"])
            self.early[client.name] = [f"{verb} {event} t"] + ([f"{self.pick(['off t', 'removeAll ' + event])}"] if self.chance(0.4) else [])
            if self.chance(0.5):
                client.hears_lookup = client.hears_lookup or event == "lookup"
                self.react(client.name, f"{event}.t", [self.pick(["off " + event, "off t", "removeAll " + event, "tick m"])])

    def connect_block(self, client, servers, verb):
        words, single = self.target(client, servers)
        callback = self.pick(["", " cb"]) if verb != "create" else ""
        steps = [f"{verb} {words[0]}{callback}{''.join(' ' + word for word in words[1:])}"]
        if verb == "connect":
            steps = self.early.pop(client.name, []) + steps
        # What comes first on a busy machine, an immediate or a timer of some ms, is not said.
        late = any(word.startswith("answer=") and word[7:].isdigit() for word in words)
        if self.chance(0.3):
            steps.append(self.pick(["tick b", "tick b" if late else "immediate b", "pause", "resume", "timeout 5000", "keepAlive 1", "noDelay 0"]))
        if self.chance(0.25):
            client.queued = True
            steps.append(f"write {self.pick([1, 5, 100])} cb")
        # Node forgets an end() with the next attempt.
        if single and self.chance(0.1):
            client.queued = True
            steps.append("end cb")
        # A single lookup emits 'lookup' in Node even after 'close' (S12.12).
        if self.chance(0.15) and not (single and client.hears_lookup):
            steps.append(self.stop(client))
        # What a server blocks is closed with bytes unread, and what a write meets then depends on when it comes.
        if self.blocking:
            steps = [step for step in steps if not step.startswith("write")]
        self.blocks.append([f"{client.name} {step}" for step in steps])

    def again(self, client, servers):
        """What a client calls inside 'close'."""
        words, single = self.target(client, servers)
        steps = [f"connectAgain {' '.join(words)}"]
        if self.chance(0.2) and not (single and client.hears_lookup):
            steps.append(self.pick(["destroy", "destroy error", "pause", "resume"]))
        return steps

    def later_block(self, client):
        steps = [self.pick(["resume" if self.blocking else "write 5 cb", "end cb", "end", "resume", "on data", "destroy", "destroySoon", self.stop(client)])]
        # Node destroys the next connection when it has finished, if this one was closed.
        client.queued = client.queued or steps[0].endswith(("cb", "destroySoon"))
        self.blocks.append([f"{client.name} {step}" for step in steps])

    # ── the whole ──────────────────────────────────────────────────────────────────────────────
    def servers(self):
        servers = []
        for name in "AB"[: self.pick([1, 1, 2])]:
            kind = self.pick(["ip", "ip", "any", "pipe"])
            options = {"kind": kind}
            if self.chance(0.15):
                options["list"] = self.list()
                self.blocking = True
            if self.chance(0.15):
                options["halfopen"] = ""
            step = f"{name} listen"
            if kind == "pipe" and self.chance(0.6):
                step += f" path={self.pick(PATHS)}" + self.pick(["", "", " backlog=3"])
            elif kind == "any" and self.chance(0.3):
                signal = self.signal()
                step += f" port=0 signal={signal}"
                if self.chance(0.3):
                    self.blocks.append([f"{name} abort {signal}"])
            self.start.append(step + self.pick(["", " cb"]))
            self.header.append(" ".join(["server", name, *(f"{key}={value}" if value else key for key, value in options.items())]))
            servers.append((name, kind))
        return servers

    def list(self):
        name = f"l{sum(line.startswith('list') for line in self.header)}"
        rules = [self.pick(RULES) for _ in range(self.pick([0, 1, 1, 2]))]
        self.header.append(" ".join(["list", name, *rules]))
        return name

    def signal(self):
        name = f"s{sum(line.startswith('signal') for line in self.header)}"
        self.header.append(f"signal {name}")
        return name

    def client(self, name, servers):
        options = {}
        if self.chance(0.3):
            options["list"] = self.list()
        if self.chance(0.3):
            options["signal"] = self.signal()
        if self.chance(0.2):
            options["halfopen"] = ""
        later = self.chance(0.2)
        if later:
            options["later"] = ""
        client = Client(name, options)
        self.header.append(" ".join(["client", name, *(f"{key}={value}" if value else key for key, value in options.items())]))
        if "list" in options and self.chance(0.3):
            self.blocks.append([f"{servers[0][0]} block {options['list']} {self.pick(RULES)}"])
        self.reactions(client)
        self.connect_block(client, servers, "create" if later else "connect")
        for _ in range(self.pick([0, 1, 1, 2])):
            self.later_block(client)
        # A write or an end that waited for a connection which never came stays behind in Node, and disturbs the next.
        # After a connection that has closed, a signal stops the families of the next in Node, without a word.
        if not client.queued and "signal" not in options and self.chance(0.3):
            # The answer for a connection that was called off starts it within the next one in Node.
            if client.answered_later or self.chance(0.5):
                self.connect_block(client, servers, "connectAgain")
            else:
                self.react(client.name, "close", self.again(client, servers))

    def scenario(self):
        servers = self.servers()
        for name in "cde"[: self.pick([1, 1, 2, 3])]:
            self.client(name, servers)
        if self.chance(0.3):
            self.blocks.append([f"{servers[0][0]} close{self.pick(['', ' cb'])}"])
        lines = [f"scenario {self.title}", *sorted(self.header, key=lambda line: line.startswith(("server", "client"))), "start"]
        lines += [f"  {step}" for step in self.start]
        for head, steps in self.when.items():
            lines += [head, *(f"  {step}" for step in steps)]
        for block in self.blocks:
            lines += ["quiet", *(f"  {step}" for step in block)]
        return "\n".join(lines) + "\n"
