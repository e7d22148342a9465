#!/usr/bin/env python3
"""tls_echo, with `openssl s_client`, Python's ssl, and clients that speak no TLS."""
import contextlib
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import unittest

import support
from support import Example, received, reset, run, send_until_stuck, tool


class TlsEcho(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not (support.DIRECTORY / "tls_echo").exists():
            raise unittest.SkipTest("tls_echo was not built: no OpenSSL")
        directory = tempfile.TemporaryDirectory(prefix="net-")
        cls.addClassCleanup(directory.cleanup)
        cls.files = [pathlib.Path(directory.name) / name for name in ("cert.pem", "key.pem")]
        run(tool(cls(), "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1", "-out", cls.files[0], "-keyout", cls.files[1])

    def start(self):
        return Example("tls_echo", *self.files, 0)

    def client(self, server, **options):
        context = ssl.create_default_context(cafile=self.files[0])
        for name, value in options.items():
            setattr(context, name, value)
        client = context.wrap_socket(server.connect(), server_hostname=server.host)
        self.addCleanup(client.close)
        return client

    def test_openssl_s_client_gets_back_what_it_sends(self):
        with self.start() as server:
            for version in ("-tls1_2", "-tls1_3"):
                command = [tool(self, "openssl"), "s_client", "-quiet", version, "-verify_return_error", "-CAfile", self.files[0],
                           "-connect", f"{server.host}:{server.port}"]
                with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as peer:
                    self.addCleanup(peer.kill)
                    for line in (b"hello\n", b"x" * 100_000 + b"\n", b"from openssl\n"):
                        peer.stdin.write(line)
                        peer.stdin.flush()
                        self.assertEqual(peer.stdout.readline(), line)
                    peer.kill()

    def test_many_bytes_come_back_whole_and_the_end_is_an_end(self):
        data = os.urandom(8 << 20)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.start() as server:
                client = self.client(server, minimum_version=version, maximum_version=version)
                for at in range(0, len(data), 100_000):  # one thread: such a socket is not made for two
                    client.sendall(data[at:at + 100_000])
                    self.assertEqual(received(client, len(data[at:at + 100_000])), data[at:at + 100_000])
                plain = client.unwrap()  # close_notify, there and back
                self.assertEqual(plain.recv(1), b"")

    def test_records_may_come_byte_by_byte(self):
        with self.start() as server:
            with server.connect() as plain:
                there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
                context = ssl.create_default_context(cafile=self.files[0])
                tls = context.wrap_bio(back, there, server_hostname=server.host)

                def until_done(step):
                    while True:
                        try:
                            return step()
                        except ssl.SSLWantReadError:
                            for byte in there.read():
                                plain.sendall(bytes([byte]))
                            back.write(plain.recv(1 << 16))

                until_done(tls.do_handshake)
                tls.write(b"in pieces")
                self.assertEqual(until_done(lambda: tls.read(100)), b"in pieces")

    def test_who_speaks_no_tls_is_closed(self):
        with self.start() as server:
            for data in (b"GET / HTTP/1.1\r\n\r\n" * 10, os.urandom(100_000), b"\x16\x03\x01\xff\xff" + bytes(70_000)):
                with server.connect() as client, contextlib.suppress(ConnectionError):
                    client.sendall(data)
                    client.shutdown(socket.SHUT_WR)
                    received(client, 1 << 20)  # an alert perhaps, and the end
            client = self.client(server)  # and what went wrong there does no harm here
            client.sendall(b"still here")
            self.assertEqual(received(client, 10), b"still here")

    def test_a_broken_record_ends_its_connection_only(self):
        with self.start() as server:
            stays, goes = self.client(server), self.client(server)
            plain = socket.socket(fileno=os.dup(goes.fileno()))
            self.addCleanup(plain.close)
            plain.settimeout(support.DEADLINE)
            plain.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
            self.assertTrue(received(plain, 1 << 20))  # an alert, and the end
            stays.sendall(b"still here")
            self.assertEqual(received(stays, 10), b"still here")

    def test_clients_that_break_off_disturb_nobody(self):
        with self.start() as server:
            stays = self.client(server)
            for size in (0, 1, 100, 100_000):
                goes = self.client(server)
                goes.sendall(bytes(size))
                reset(goes)
                goes = self.client(server)
                goes.sendall(bytes(size))
                goes.shutdown(socket.SHUT_WR)  # without close_notify
                goes.close()
            stays.sendall(b"still here")
            self.assertEqual(received(stays, 10), b"still here")

    def test_who_does_not_read_is_not_read_either(self):
        with self.start() as server:
            client = self.client(server)
            before = server.memory()
            sent = send_until_stuck(client, bytes(16_000), 256 << 20)
            self.assertLess(sent, 256 << 20)
            if before is not None:
                self.assertLess(server.memory() - before, 16 << 20)

    def test_without_a_certificate_it_says_what_it_needs(self):
        run(support.DIRECTORY / "tls_echo", expect=2)
        run(support.DIRECTORY / "tls_echo", self.files[1], self.files[0], 0, expect=2)


if __name__ == "__main__":
    support.main()
