#include <net/detail/stream/state.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// A row of the table of S11.2: readyState, and those of the rest that are true.
std::string row(const net::Socket& socket) {
  std::string text(to_string(socket.readyState()));
  const auto add = [&text](bool is, const char* word) {
    if (is) text.append(" ").append(word);
  };
  add(socket.connecting(), "connecting");
  add(socket.pending(), "pending");
  add(socket.readable(), "readable");
  add(socket.writable(), "writable");
  add(socket.destroyed(), "destroyed");
  add(socket.closed(), "closed");
  return text;
}

using Rows = std::vector<std::string>;

std::string joined(const Rows& rows) {
  std::string text;
  for (const std::string& each : rows) text += each + " | ";
  return text;
}

const std::string fresh = "open pending readable writable";
const std::string opening = "opening connecting pending readable writable";
const std::string connected = "open readable writable";
const std::string gone = "closed pending destroyed closed";

}  // namespace

TEST_CASE("S10.1, S11.2, S11.3: new, connecting, connected, ended by itself, ended by both, closed") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.resume(); });
  const net::Socket client(loop);
  Rows rows{row(client)};
  const auto note_row = [&rows](const net::Socket& socket) { rows.push_back(row(socket)); };
  client.once<"connectionAttempt">(note_row);
  client.once<"connect">(note_row);
  client.once<"ready">([&](const net::Socket& socket) {
    note_row(socket);
    socket.end();
    note_row(socket);
  });
  client.once<"finish">(note_row);
  client.once<"end">(note_row);
  client.once<"close">([&](const net::Socket& socket) { note_row(socket); });
  client.resume().connect(one.port(), "127.0.0.1");
  rows.push_back(row(client));
  run_to_the_end(loop);
  CHECK(joined(rows) == joined({fresh, opening, opening, connected, connected, "readOnly readable", "readOnly readable",
                                "closed", gone}));
}

TEST_CASE("S11.2: the other side ended first: writeOnly in 'end', until the automatic end; closed in 'finish'") {
  for (const bool half_open : {false, true}) {
    net::Loop loop;
    const OneConnection one(loop, {.allowHalfOpen = half_open});
    Rows rows;
    one.server.on<"connection">([&](const net::Socket& socket) {
      rows.push_back(row(socket));
      socket.resume();
      socket.on<"end">([&](const net::Socket& self) {
        rows.push_back(row(self));
        loop.setImmediate([&rows, self] {
          rows.push_back(row(self));
          self.end();
        });
      });
      socket.on<"finish">([&](const net::Socket& self) { rows.push_back(row(self)); });
    });
    client_of(loop, one.server).end();
    run_to_the_end(loop);
    if (half_open) {
      CHECK(joined(rows) == joined({connected, "writeOnly writable", "writeOnly writable", "closed"}));
    } else {
      CHECK(rows.size() == 4);
      CHECK(rows[1] == "writeOnly writable");
      CHECK_MESSAGE(row(net::Socket(loop)) == fresh, "the state of one is nobody else's");
    }
  }
}

TEST_CASE("S11.2: end() while connecting, and the same in 'connect'") {
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.resume(); });
  const net::Socket client = client_of(loop, one.server);
  client.end();
  CHECK(row(client) == "opening connecting pending readable");
  std::string in_connect;
  client.on<"connect">([&] { in_connect = row(client); });
  run_to_the_end(loop);
  CHECK(in_connect == "readOnly readable");
}

TEST_CASE("S11.2, S11.4, S11.5: a connect that fails, its error, 'close', and connecting again") {
  net::Loop loop;
  const ClosedPort nobody;
  const net::Socket client(loop);
  Rows rows;
  client.on<"connectionAttemptFailed">([&] {
    rows.push_back(row(client));
    CHECK_FALSE(client.errored());
  });
  client.on<"error">([&](const net::Error& error) {
    rows.push_back(row(client));
    CHECK(client.errored().what() == std::string(error.what()));
  });
  client.once<"close">([&] {
    rows.push_back(row(client));
    CHECK(client.errored().name() == "ECONNREFUSED");
    client.connect(nobody.number(), "127.0.0.1");
    rows.push_back(row(client));
    CHECK_FALSE(client.errored());
    client.destroy();
    rows.push_back(row(client));
  });
  client.connect(nobody.number(), "127.0.0.1");
  run_to_the_end(loop);
  CHECK(joined(rows) == joined({connected, gone, gone, opening, gone}));
}

TEST_CASE("S11.2: of several addresses one that failed, or is slow, leaves the socket connecting") {
  net::Loop loop;
  const ClosedPort nobody;
  const net::Socket client(loop);
  Rows rows;
  client.on<"connectionAttemptFailed">([&] { rows.push_back(row(client)); });
  client.on<"error">([&] { rows.push_back(row(client)); });
  client.connect({.port = nobody.number(),
                  .host = "both",
                  .lookup = [](std::string_view, const net::LookupOptions&, const net::LookupCallback& answer) {
                    const net::LookupAddress found[] = {{"127.0.0.1", net::Family::IPv4},
                                                        {"127.0.0.2", net::Family::IPv4}};
                    answer(net::Error(), found);
                  }});
  run_to_the_end(loop);
  CHECK(joined(rows) == joined({opening, opening, gone}));
}

TEST_CASE("S11.2, S11.4: destroy() is seen at once, with a connection and without") {
  net::Loop loop;
  const net::Socket never(loop);
  CHECK(row(never.destroy()) == gone);
  Ends ends(loop);
  CHECK(row(ends.client) == connected);
  CHECK(row(ends.client.destroy()) == gone);
  ends.destroy();
  CHECK(row(ends.client) == gone);
}

TEST_CASE("S11.2, S11.5: a write that failed is seen before its error is emitted: readOnly, and the error is there") {
  net::Loop loop;
  Ends ends(loop);
  REQUIRE(::shutdown(ends.client.nativeHandle(), SHUT_WR) == 0);
  std::string emitted;
  ends.client.on<"error">([&emitted](const net::Error& error) { emitted = error.what(); });
  ends.client.write("x");
  CHECK(row(ends.client) == "readOnly readable");
  CHECK(ends.client.errored().name() == "EPIPE");
  CHECK(emitted.empty());
  run_until(loop, [&emitted] { return !emitted.empty(); });
  CHECK(emitted == "write EPIPE");
  ends.destroy();
}

TEST_CASE("S11.7: ended and finished are two things, on both sides") {
  net::Loop loop;
  Ends ends(loop);
  CHECK_FALSE((ends.client.writableEnded() || ends.client.writableFinished() || ends.client.readableEnded()));
  ends.client.on<"prefinish">([&] { CHECK_FALSE(ends.client.writableFinished()); });
  ends.client.on<"finish">([&] { CHECK(ends.client.writableFinished()); });
  ends.client.end();
  CHECK(ends.client.writableEnded());
  CHECK_FALSE(ends.client.writableFinished());
  ends.accepted->on<"end">([&] { CHECK(ends.accepted->readableEnded()); });
  ends.accepted->resume();
  run_until(loop, [&] { return ends.accepted->readableEnded() && ends.client.writableFinished(); });
  CHECK_FALSE(ends.accepted->writableEnded());
  CHECK_FALSE(ends.client.readableEnded());
  ends.destroy();
}

TEST_CASE("S11.8: whether it flows is nobody's word at first; then what was said last") {
  net::Loop loop;
  const net::Socket socket(loop);
  CHECK_FALSE(socket.readableFlowing().has_value());
  CHECK_FALSE(socket.isPaused());
  socket.pause();
  CHECK(socket.readableFlowing() == false);
  CHECK(socket.isPaused());
  socket.resume();
  CHECK(socket.readableFlowing() == true);
  CHECK_FALSE(socket.isPaused());
  const net::Socket listening(loop);
  listening.on<"data">([] {});
  CHECK(listening.readableFlowing() == true);
  const net::Socket readable(loop);
  readable.on<"readable">([] {});
  CHECK(readable.readableFlowing() == false);
}

TEST_CASE("S11.9, S11.10: what waits to be sent is counted in bytes; bufferSize only with a connection") {
  net::Loop loop;
  const net::Socket early(loop, {.highWaterMark = 5});
  early.cork();
  early.cork();
  CHECK(early.writableCorked() == 2);
  CHECK(early.write("\u20AC"));
  CHECK(early.writableLength() == 3);
  CHECK(early.bufferSize() == 0);
  CHECK_FALSE(early.writableNeedDrain());
  CHECK_FALSE(early.write("\u20AC"));
  CHECK(early.writableNeedDrain());
  early.destroy();
  CHECK_FALSE(early.writableNeedDrain());
  Ends ends(loop);
  ends.client.write(std::string(16u << 20, 'x'));
  CHECK(ends.client.writableLength() > 0);
  CHECK(ends.client.bufferSize() == ends.client.writableLength());
  ends.destroy();
}

TEST_CASE(
    "S11.13, S11.14, S11.15: both ends have addresses while there is a connection; the remote one stays "
    "known") {
  net::Loop loop;
  const net::Socket none(loop);
  CHECK_FALSE(none.address().has_value());
  CHECK(
      (none.remoteAddress().empty() && none.remotePort() == 0 && none.localAddress().empty() && none.localPort() == 0));
  CHECK(none.localFamily() == net::Family::unspecified);
  Ends ends(loop);
  CHECK(ends.client.remoteAddress() == "127.0.0.1");
  CHECK(ends.client.remotePort() == ends.accepted->localPort());
  CHECK(ends.client.localPort() == ends.accepted->remotePort());
  CHECK(ends.client.localFamily() == net::Family::IPv4);
  CHECK(ends.client.address()->toString() == "127.0.0.1:" + std::to_string(ends.client.localPort()));
  const int port = ends.accepted->remotePort();
  ends.destroy();
  CHECK(ends.accepted->remotePort() == port);
  CHECK(ends.accepted->remoteFamily() == net::Family::IPv4);
  CHECK(ends.accepted->localPort() == 0);
  CHECK_FALSE(ends.accepted->address().has_value());
}

TEST_CASE(
    "S11.16: over a server of both families an IPv4 client is seen as a mapped address, and sees IPv4 "
    "itself") {
  net::Loop loop;
  const OneConnection one(loop);
  if (one.server.address()->family != net::Family::IPv6) {
    MESSAGE("left out: there is no IPv6 here");
    one.server.close();
    run_to_the_end(loop);
    return;
  }
  std::string seen;
  one.server.on<"connection">([&seen](const net::Socket& socket) {
    seen = socket.remoteAddress() + " " + socket.localAddress() + " " + std::string(to_string(socket.remoteFamily()));
    socket.destroy();
  });
  const net::Socket client = client_of(loop, one.server);
  std::string own;
  client.on<"error">([] {});
  client.on<"connect">([&] { own = client.remoteAddress() + " " + std::string(to_string(client.remoteFamily())); });
  run_to_the_end(loop);
  CHECK(seen == "::ffff:127.0.0.1 ::ffff:127.0.0.1 IPv6");
  CHECK(own == "127.0.0.1 IPv4");
}
