#include <net/detail/stream/send.ipp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S15.12, S28.24: writes before the connection go out in 'connect', in the place of the first") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client(loop);
  client.connect(receiver.port(), "127.0.0.1");
  client.on<"connect">([&] { log.add("before"); });
  CHECK(client.write("first ", note_error(log, "first")));
  CHECK(client.write("second ", note_error(log, "second")));
  client.on<"connect">([&] { log.add("after"); });
  client.on<"ready">([&] { log.add("ready"); });
  client.end("third", note_error(log, "end"));
  CHECK(client.bytesWritten() == 18);
  CHECK(client.writableLength() == 18);
  run_to_the_end(loop);
  CHECK(log.text() == "before first after ready second end");
  CHECK(receiver.heard == "first second third");
}

TEST_CASE("S15.12: what is written before the connection counts as pending, and 'drain' follows it") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client(loop, {.highWaterMark = 10});
  client.connect(receiver.port(), "127.0.0.1");
  CHECK(client.write("12345"));
  CHECK_FALSE(client.write("67890"));
  client.on<"drain">([&] {
    log.add("drain");
    client.end();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "drain");
  CHECK(receiver.heard == "1234567890");
}

TEST_CASE_FIXTURE(
    ReceivedClient,
    "S15.13: closed before it connected: all callbacks get an error during 'close', and no 'error' comes") {
  client.on<"close">([&] { log.add("close-before"); });
  client.write("a", note_error(log, "a"));
  client.write("b", note_error(log, "b"));
  client.on<"close">([&] { log.add("close-after"); });
  client.on<"error">([&] { log.add("error"); });
  client.destroy();
  receiver.server.close();
  run_to_the_end(loop);
  CHECK(log.text() ==
        "close-before a(ERR_SOCKET_CLOSED_BEFORE_CONNECTION) b(ERR_SOCKET_CLOSED_BEFORE_CONNECTION) close-after");
}

TEST_CASE("S15.14: a write on a socket that was never connected fails on ticks, 'close' carries false") {
  net::Loop loop;
  Log log;
  const net::Socket socket(loop);
  note(socket, log);
  CHECK_FALSE(socket.write("x", note_error(log, "callback")));
  CHECK(log.text().empty());
  run_to_the_end(loop);
  CHECK(log.text() == "callback(ERR_SOCKET_CLOSED) error(Socket is closed) close(false)");
}

TEST_CASE("S15.19, S15.20: a write that the kernel refuses: callbacks in order, then 'error' once, then 'close'") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop, {.pauseOnConnect = true});
  net::Socket accepted(loop);
  one.server.on<"connection">([&](const net::Socket& socket) { accepted = socket; });
  const net::Socket client(loop);
  client.pause();  // it does not read, so the reset is found by writing
  client.connect(one.port(), "127.0.0.1");
  run_until(loop, [&] { return !one.server.listening() && !client.connecting(); });
  accepted.resetAndDestroy();
  note(client, log);
  loop.setImmediate([&] {
    // a large write goes to the kernel at once
    CHECK_FALSE(client.write(std::string(100'000, 'x'), note_error(log, "first")));
    CHECK_FALSE(client.writable());
    CHECK(client.errored());
    CHECK(net::to_string(client.readyState()) == "readOnly");
    CHECK_FALSE(client.write("queued", note_error(log, "second")));
    client.end(note_error(log, "end"));
    CHECK(log.text().empty());
  });
  run_to_the_end(loop);
  const std::string code(client.errored().name());
  CHECK((code == "ECONNRESET" || code == "EPIPE"));
  CHECK(log.text() ==
        "first(" + code + ") second(" + code + ") end(" + code + ") error(write " + code + ") close(true)");
}

TEST_CASE("S15.19: a small write that is refused when the listener has returned fails the same way") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop, {.pauseOnConnect = true});
  net::Socket accepted(loop);
  one.server.on<"connection">([&](const net::Socket& socket) { accepted = socket; });
  const net::Socket client(loop);
  client.pause();
  client.connect(one.port(), "127.0.0.1");
  run_until(loop, [&] { return !one.server.listening() && !client.connecting(); });
  accepted.resetAndDestroy();
  note(client, log);
  loop.setImmediate([&] {
    client.write("small", note_error(log, "small"));
    client.end(note_error(log, "end"));
  });
  run_to_the_end(loop);
  const std::string code(client.errored().name());
  CHECK((code == "ECONNRESET" || code == "EPIPE"));
  CHECK(log.text() == "small(" + code + ") end(" + code + ") error(write " + code + ") close(true)");
}

TEST_CASE("a peer that does not exist any more never raises SIGPIPE") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.resetAndDestroy(); });
  const net::Socket client = client_of(loop, one.server);
  client.on<"error">([&] { log.add("error"); });
  client.on<"close">([&] { log.add("close"); });
  const net::Timer writing = loop.setInterval([&] { client.write(std::string(10'000, 'x')); }, 1);
  client.on<"close">([&] { writing.close(); });
  run_to_the_end(loop);
  CHECK(log.text() == "error close");
}
