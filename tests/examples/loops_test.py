#!/usr/bin/env python3
"""The examples with several loops, signals, or another program's loop: multicore, handover_threads, graceful, embedded."""
import os
import signal
import socket
import subprocess
import unittest

import support
from support import DEADLINE, Example, received


def greeting(client):
    return received(client, len(b"thread 0\n"))


class ManyLoops(unittest.TestCase):
    def clients_are_served_by_all(self, name):
        with Example(name, 0, 2) as server:
            clients = [server.connect() for _ in range(64)]
            threads = {greeting(client) for client in clients}
            self.assertEqual(threads, {b"thread 0\n", b"thread 1\n"})
            for number, client in enumerate(clients):
                client.sendall(b"%02d" % number)
            for number, client in enumerate(clients):
                self.assertEqual(received(client, 2), b"%02d" % number)
                client.close()

    def test_the_kernel_spreads_clients_over_servers_that_share_a_port(self):
        if not hasattr(socket, "SO_REUSEPORT") or os.uname().sysname != "Linux":
            self.skipTest("no reusePort on this system")
        support.not_on_windows(self, "no reusePort on Windows")
        self.clients_are_served_by_all("multicore")

    def test_one_acceptor_hands_connections_round(self):
        self.clients_are_served_by_all("handover_threads")

    def test_what_a_client_sent_before_it_was_handed_over_is_not_lost(self):
        with Example("handover_threads", 0, 2) as server:
            for _ in range(50):
                with server.connect() as client:
                    client.sendall(b"early")
                    self.assertEqual(received(client, 14)[9:], b"early")


class Stopping(unittest.TestCase):
    """A server that ends by itself, and what it printed until then."""

    def start(self, *arguments):
        program = subprocess.Popen(support.program(*arguments), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(program.kill)
        self.port = int(program.stdout.readline().rpartition(":")[2] or self.why_not(program))
        return program

    def why_not(self, program):
        said = program.communicate(timeout=DEADLINE)[1]
        if program.returncode == 77:
            self.skipTest(said.strip())
        self.fail(said)

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        self.addCleanup(client.close)
        return client

    def end(self, program):
        output, errors = program.communicate(timeout=DEADLINE)
        self.assertEqual((program.returncode, errors), (0, ""))
        return output


class Graceful(Stopping):
    def asked_to_stop(self, program, signo):
        """Under Wine the only signal that a program hears from outside is that of Ctrl-C."""
        program.send_signal(signal.SIGINT if support.on_windows() else signo)

    def busy_client(self, program, milliseconds):
        client = self.connect()
        client.sendall(b"%d\n" % milliseconds)
        self.assertEqual(program.stdout.readline(), "working\n")
        return client

    def test_after_a_signal_clients_get_their_answers_and_those_that_are_idle_are_ended(self):
        program = self.start("graceful", 0, DEADLINE)
        idle = self.connect()
        idle.sendall(b"1\n")
        self.assertEqual(received(idle, 5), b"done\n")
        self.assertEqual(program.stdout.readline(), "working\n")
        busy = self.busy_client(program, 300)
        self.asked_to_stop(program, signal.SIGTERM)
        self.assertEqual(program.stdout.readline(), "stopping, 2 connected\n")
        self.assertEqual(idle.recv(1), b"")
        with self.assertRaises(ConnectionRefusedError):
            self.connect()
        self.assertEqual(received(busy, 100), b"done\n")
        idle.close()
        busy.close()
        self.assertEqual(self.end(program), "stopped\n")

    def test_those_that_do_not_finish_are_closed(self):
        program = self.start("graceful", 0, 1)
        client = self.busy_client(program, 1_000_000_000)
        self.asked_to_stop(program, signal.SIGINT)
        self.assertEqual(client.recv(1), b"")
        self.assertEqual(self.end(program), "stopping, 1 connected\nstopped\n")

    def test_a_second_signal_closes_at_once(self):
        program = self.start("graceful", 0, 10 * DEADLINE)
        client = self.busy_client(program, 1_000_000_000)
        self.asked_to_stop(program, signal.SIGTERM)
        self.assertEqual(program.stdout.readline(), "stopping, 1 connected\n")
        self.asked_to_stop(program, signal.SIGTERM)
        self.assertEqual(client.recv(1), b"")
        self.assertEqual(self.end(program), "stopped\n")


class Embedded(Stopping):
    def setUp(self):
        if not (support.DIRECTORY / "embedded").exists():
            self.skipTest("embedded was not built: no libuv")

    def test_it_serves_inside_the_loop_of_libuv(self):
        program = self.start("embedded", 0, 1000 * DEADLINE)
        client = self.connect()
        for text in (b"one", b"two" * 100_000):
            client.sendall(text)
            self.assertEqual(received(client, len(text)), text)
        self.assertEqual(program.stdout.readline(), "the host goes on\n")
        program.send_signal(signal.SIGTERM)
        client.close()
        self.end(program)

    def test_its_timers_go_in_that_loop_too(self):
        program = self.start("embedded", 0, 1)
        client = self.connect()
        self.assertEqual(received(client, 10), b"too quiet\n")
        self.assertEqual(client.recv(1), b"")
        program.send_signal(signal.SIGTERM)
        client.close()
        self.end(program)


if __name__ == "__main__":
    support.main()
