#!/usr/bin/env python3
"""handover: a new process takes over the port and the clients of an old one, with requests in flight."""
import asyncio
import pathlib
import re
import socket
import subprocess
import tempfile
import unittest

import support
from support import DEADLINE, received


class Handover(unittest.TestCase):
    def setUp(self):
        support.not_on_windows(self, "its path is a file, and a pipe of Windows is none")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(pathlib.Path(folder.name) / "s")
        self.first = self.start(0)

    def start(self, port):
        """A process that serves; `self.port` is where."""
        process = subprocess.Popen(support.program("handover", port, self.path), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        for clean in (process.stdout.close, process.wait, process.kill):
            self.addCleanup(clean)
        said = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+), process (\d+)\n", process.stdout.readline())
        self.port, process.number = int(said[1]), int(said[2])
        return process

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        self.addCleanup(client.close)
        return client

    def ask(self, client, text, expected):
        client.sendall(text)
        self.assertEqual(received(client, len(expected)), expected)

    def test_clients_that_are_idle_go_on_with_the_new_process_and_so_does_half_a_request(self):
        clients = [self.connect() for _ in range(50)]
        for client in clients:
            self.ask(client, b"0\n1", b"1 0\n")
        port = self.port
        for number in (2, 3):  # a second upgrade as well: some clients have had three servers
            process, last = self.start(1), self.first
            self.assertEqual((self.port, process.number), (port, number))
            self.assertEqual(last.wait(DEADLINE), 0)
            for client in clients:
                self.ask(client, b"\n1", b"%d 1\n" % number)
            self.first = process
        self.ask(self.connect(), b"0\n", b"3 0\n")

    def test_an_answer_that_is_under_way_comes_from_the_old_process(self):
        client = self.connect()
        self.ask(client, b"0\n", b"1 0\n")  # the old process has it
        client.sendall(b"300\n0\n")
        new = self.start(0)
        self.assertEqual(received(client, len(b"1 300\n2 0\n")), b"1 300\n2 0\n")
        self.assertEqual((self.first.wait(DEADLINE), new.poll()), (0, None))

    def test_an_upgrade_with_ten_thousand_requests_in_flight_loses_none(self):
        clients, each = 200, 50
        answers = asyncio.run(self.upgrade(clients, each))
        served_by = [0, 0, 0]
        for heard in answers:
            words = [line.split() for line in heard.decode().splitlines()]
            self.assertEqual([int(text) for _, text in words], [number % 3 for number in range(each)])
            numbers = [int(process) for process, _ in words]
            self.assertEqual(numbers, sorted(numbers))
            for number in numbers:
                served_by[number] += 1
        self.assertEqual(sum(served_by), clients * each)
        self.assertGreater(min(served_by[1:]), 0)
        self.assertEqual(self.first.wait(DEADLINE), 0)

    async def upgrade(self, clients, each):
        """What each client hears: it sends all its requests, and the new process starts when some answers are there. New
        clients come all the while."""
        over = False
        requests = b"".join(b"%d\n" % (number % 3) for number in range(each))
        opened = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(clients)]
        first = [asyncio.ensure_future(reader.readexactly(4)) for reader, _ in opened]

        async def come_and_go():
            while not over:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"0\n")
                self.assertRegex(await reader.readexactly(4), rb"[12] 0\n")
                writer.close()
                await writer.wait_closed()

        visitors = [asyncio.ensure_future(come_and_go()) for _ in range(4)]
        for _, writer in opened:
            writer.write(requests)
        begun = await asyncio.gather(*first)
        await asyncio.get_running_loop().run_in_executor(None, self.start, 0)
        rest = await asyncio.gather(*(reader.readexactly(4 * (each - 1)) for reader, _ in opened))
        over = True
        await asyncio.gather(*visitors)
        for _, writer in opened:
            writer.close()
        return [one + other for one, other in zip(begun, rest)]


if __name__ == "__main__":
    support.main()
