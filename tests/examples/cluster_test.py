#!/usr/bin/env python3
"""cluster: workers that serve one port, one after the other, die, and end in peace."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

import support


class Cluster(unittest.TestCase):
    def setUp(self):
        words = support.program("cluster", 0, 2)
        if not support.on_windows():  # a file of its own, which a test may remove
            folder = tempfile.TemporaryDirectory()
            self.addCleanup(folder.cleanup)
            self.file = words[0] = shutil.copy(words[0], folder.name)
        self.program = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.program.stdout.close)
        self.addCleanup(self.program.wait)
        self.addCleanup(self.program.kill)
        self.port = int(re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", self.program.stdout.readline())[1])

    def ask_to_end(self):
        # under Wine the only signal that a program hears from outside is that of Ctrl-C
        self.program.send_signal(signal.SIGINT if support.on_windows() else signal.SIGTERM)

    def ask(self, text=b"hello"):
        """A new connection, and who has answered."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=support.DEADLINE)
        self.addCleanup(client.close)
        client.sendall(text + b"\n")
        number, answer = self.line(client).split(b" ", 1)
        self.assertEqual(answer, text)
        return client, int(number)

    def line(self, client):
        data = b""
        while not data.endswith(b"\n"):
            piece = client.recv(100)
            self.assertTrue(piece, data)
            data += piece
        return data[:-1]

    def until_served_by(self, workers):
        found = set()
        while found != workers:
            client, who = self.ask()
            client.close()
            found = (found | {who}) & workers
        return found

    def test_who_asks_on_and_on_is_ended_with_an_answer_and_served_by_another_worker(self):
        self.until_served_by({1, 2})
        client, who = self.ask()
        while who != 1:
            client, who = self.ask()
        self.ask_to_end()
        answers = 0
        with contextlib.suppress(ConnectionError):  # it may have asked once more when the end was on its way
            while True:
                client.sendall(b"more\n")
                data = client.recv(100)
                if not data:
                    break
                self.assertEqual(data, b"1 more\n")
                answers += 1
        self.assertGreater(answers, 0)
        self.assertEqual(self.program.wait(support.DEADLINE), 0)

    def test_no_request_is_lost_while_workers_end_under_load(self):
        """Each client asks until it is refused. What waits when the last worker closes is served by nobody: that, and
        nothing before it, may be what a client meets last."""
        begun = threading.Semaphore(0)

        def ask_until_refused():
            failed = False
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", self.port), timeout=support.DEADLINE) as client:
                        client.sendall(b"hello\n")
                        self.assertFalse(failed, "a request was lost, and the next one was not")
                        failed = not re.fullmatch(rb"\d+ hello\n", client.recv(100))
                        begun.release()
                except ConnectionRefusedError:
                    return
                except (ConnectionResetError, BrokenPipeError):
                    failed = True

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            clients = [pool.submit(ask_until_refused) for _ in range(8)]
            for _ in range(100):
                begun.acquire(timeout=support.DEADLINE)
            self.ask_to_end()
            for client in clients:
                client.result(support.DEADLINE)
        self.assertEqual(self.program.stdout.read(), "".join(f"worker {who} has ended: 0, 0\n" for who in (1, 2)))
        self.assertEqual(self.program.wait(support.DEADLINE), 0)

    def workers(self):
        """The processes, in the order in which they were started."""
        if support.on_windows():  # Wine's have no parent; they are named by a path of Windows'
            found = []
            for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    words = file.read_bytes().split(b"\0")
                    if b":\\" in words[0] and words[1:2] == [b"cluster"] and int(file.parent.name) > self.program.pid:
                        found.append(int(file.parent.name))
            return sorted(found)
        children = pathlib.Path(f"/proc/{self.program.pid}/task/{self.program.pid}/children")
        if not children.exists():
            self.skipTest("this system does not tell a program's children")
        return [int(number) for number in children.read_text().split()]

    def test_all_workers_serve_and_one_that_is_killed_is_replaced(self):
        self.until_served_by({1, 2})
        workers = self.workers()
        client, who = self.ask()
        os.kill(workers[who - 1], signal.SIGKILL)
        # under Wine it has ended, and nobody knows by what
        ended = r"worker (\d) has ended: 0, 9\n" if not support.on_windows() else r"worker (\d) has ended: -?\d+, 0\n"
        said = self.program.stdout.readline()
        self.assertEqual(int(re.fullmatch(ended, said)[1]), who, said)
        self.assertEqual(client.recv(1), b"")
        self.until_served_by({3 - who, 3})

    def test_workers_have_the_name_of_the_program_and_are_it_although_its_file_is_another(self):
        support.not_on_windows(self, "a file that runs cannot be removed on Windows")
        self.until_served_by({1, 2})
        names = [pathlib.Path(f"/proc/{process}/comm").read_text() for process in self.workers()]
        self.assertEqual(names, ["cluster\n", "cluster\n"])
        os.remove(self.file)
        shutil.copy("/bin/false", self.file)
        os.kill(self.workers()[0], signal.SIGKILL)
        self.until_served_by({2, 3})

    def test_workers_end_one_by_one_and_nothing_is_lost(self):
        clients = {}
        while set(clients) != {1, 2}:
            client, who = self.ask()
            if clients.setdefault(who, client) is not client:
                client.close()
        self.ask_to_end()
        for who, client in sorted(clients.items()):
            self.assertEqual(client.recv(1), b"")  # it is idle, so it is ended
            client.close()
        for who in sorted({1, 2}):
            self.assertEqual(self.program.stdout.readline(), f"worker {who} has ended: 0, 0\n")
        self.assertEqual(self.program.wait(support.DEADLINE), 0)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port), timeout=support.DEADLINE)


if __name__ == "__main__":
    support.main()
