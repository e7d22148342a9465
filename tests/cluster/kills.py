"""Workers that are killed at random moments while clients connect all the time, and primaries too (S33.8)."""
import os
import pathlib
import queue
import random
import select
import signal
import socket
import subprocess
import threading
import time

DEADLINE = 300  # seconds for anything that is waited for: for programs that hang, not for machines that are busy


class Served:
    """The program served, what it says, and a pipe whose end comes when neither it nor a worker is left. At the end of its
    scope it is killed."""

    def __init__(self, program, workers):
        self.alive, alive = os.pipe()
        self.process = subprocess.Popen([program, str(workers)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        text=True, pass_fds=[alive])
        os.close(alive)
        self.lines = queue.Queue()
        self.port = None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.split())

    def next(self):
        return self.lines.get(timeout=DEADLINE)

    def listening(self):
        """The process of the next worker that listens; how the one before it has ended is checked."""
        while True:
            what, process, *rest = self.next()
            if what == "listening":
                self.port = int(rest[0])
                return int(process)
            assert what == "exit" and rest == ["0", "9"], (what, rest)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def kill(self):
        """Kills it, and waits until its workers are gone too."""
        self.process.kill()
        self.process.wait()
        assert select.select([self.alive], [], [], DEADLINE)[0], "a worker stays without its primary"
        assert os.read(self.alive, 1) == b""
        os.close(self.alive)
        self.reader.join()
        self.process.stdout.close()


class Clients:
    """They connect, one after the other on each thread, and note who was not served."""

    def __init__(self, port, threads):
        self.port, self.over, self.served = port, False, 0
        self.lost, self.wrong = [], []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        while not self.over:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as client:
                    heard = b""
                    try:
                        heard = client.recv(100)
                    except ConnectionResetError:
                        pass
                    if heard:
                        self.served += 1
                    else:
                        self.lost.append(time.monotonic())
            except OSError as error:
                self.wrong.append(repr(error))
                return

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join(DEADLINE)
            assert not thread.is_alive(), "a client waits for ever"


def until(condition, what):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def kill_workers(program, rounds, seed, workers=2, threads=4):
    """A worker serves a connection in the turn in which it takes it, so a kill costs one connection at most: the one that it
    has just taken. Every other one is served, by whomever. The primary's descriptors are those of the beginning then."""
    chance = random.Random(seed)
    with Served(program, workers) as served:
        return kill_workers_of(served, rounds, chance, workers, threads)


def kill_workers_of(served, rounds, chance, workers, threads):
    processes = [served.listening() for _ in range(workers)]
    before = served.descriptors()
    clients = Clients(served.port, threads)
    most = 0
    for number in range(rounds):
        lost = len(clients.lost)
        victim = processes.pop(chance.randrange(workers))
        time.sleep(chance.random() * 0.02)
        if number % 3 == 0:  # first it answers no more, and connections are on their way to it
            os.kill(victim, signal.SIGSTOP)
            time.sleep(chance.random() * 0.02)
        os.kill(victim, signal.SIGKILL)
        processes.append(served.listening())
        served_then = clients.served
        until(lambda: clients.served >= served_then + threads or clients.wrong, "nobody is served any more")
        most = max(most, len(clients.lost) - lost)
        assert not clients.wrong, clients.wrong
        assert most <= 1, f"kill {number} cost {most} connections"
    clients.stop()
    assert not clients.wrong, clients.wrong
    assert len(clients.lost) <= rounds
    until(lambda: served.descriptors() == before, f"the primary had {before} descriptors, and has {served.descriptors()}")
    served.kill()
    return f"{rounds} workers killed, {clients.served} connections served, {len(clients.lost)} ended with who had just taken them"


def kill_primaries(program, rounds, seed):
    """At any moment: while its workers start, while they serve."""
    chance = random.Random(seed)
    for number in range(rounds):
        served = Served(program, 3)
        clients = None
        if number % 2:
            served.listening()
            clients = Clients(served.port, 2)
        time.sleep(chance.random() * 0.05)
        served.kill()
        if clients:
            clients.over = True
    return f"{rounds} primaries killed, no worker stayed"
