"""Starting servers and loads, each on its own core, and ending them."""

import json
import os
import resource
import signal
import subprocess
import time

from .peers import BUILD

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
LOAD_CORE = CORES[-1]
DEADLINE = 600  # seconds for anything that is waited for: for programs that hang, not for machines that are busy
ESTABLISHED, CLOSE_WAIT = "01", "08"


def raise_file_limit():
    """As many descriptors as the system lets us have; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(hard, 20_000), max(hard, 20_000)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def pin(core):
    return lambda: os.sched_setaffinity(0, {core})


class Server:
    """A running server; `wrap` is a command in front of it, such as valgrind."""

    def __init__(self, peer, job, wrap=(), environment=None, pinned=True):
        self.process = subprocess.Popen(
            [*wrap, *peer.command(job)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            preexec_fn=pin(SERVER_CORE) if pinned else None, env={**os.environ, **(environment or {})}, text=True)
        self.pid = self.process.pid
        line = self.process.stdout.readline()
        if not line.strip().isdigit():
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"{peer.key} {job}: the server did not start")
        self.port = int(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=DEADLINE)
        self.process.stdout.close()

    def has_closed_all(self):
        """Waits until it has closed all of its connections: a load is over a little earlier."""
        until = time.monotonic() + DEADLINE
        while self._has_connections():
            if time.monotonic() > until:
                raise RuntimeError("the server does not close what its clients have left")
            time.sleep(0.01)

    def _has_connections(self):
        with open("/proc/net/tcp", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        port = f":{self.port:04X}"
        return any(row[1].endswith(port) and row[3] in (ESTABLISHED, CLOSE_WAIT) for row in rows)

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()


def load(server, name, pinned=True, **options):
    """Runs the load generator to its end and returns what it measured."""
    words = [f"{key.replace('_', '-')}={value}" for key, value in options.items()]
    command = [str(BUILD / "load"), name, f"port={server.port}", f"pid={server.pid}", *words]
    result = subprocess.run(command, capture_output=True, text=True, preexec_fn=pin(LOAD_CORE) if pinned else None,
                            timeout=7 * DEADLINE, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"load {' '.join(command[1:])}: {result.stderr.strip()}")
    return json.loads(result.stdout)


class Crowd:
    """Connections that only exist, as long as this does."""

    def __init__(self, server, size, greet=False):
        command = [str(BUILD / "load"), "crowd", f"port={server.port}", f"connections={size}", f"greet={int(greet)}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=pin(LOAD_CORE))
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError("the connections could not be made")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()
