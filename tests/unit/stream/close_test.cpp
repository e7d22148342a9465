#include <net/detail/stream/close.ipp>

#include <doctest/doctest.h>

#include <net/detail/stream/adopt.ipp>
#include <net/detail/stream/finish.ipp>
#include <net/detail/stream/reconnect.ipp>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "tests/support/quiet.hpp"
#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE_FIXTURE(QuietClient, "S17.1, S17.2: destroy() acts at once; immediates queued before come before 'close'") {
  loop.setImmediate([&] {
    client.destroy();
    CHECK(client.destroyed());
    CHECK(client.closed());
    CHECK(client.pending());
    CHECK(client.readyState() == net::ReadyState::closed);
    CHECK_FALSE(client.address().has_value());
    CHECK(client.nativeHandle() == -1);
    client.destroy(net::Error("ignored"));
    loop.nextTick([&] { log.add("tick"); });
  });
  loop.setImmediate([&] { log.add("immediate"); });
  run_to_the_end(loop);
  CHECK(log.text() == "tick immediate close(false)");
}

TEST_CASE_FIXTURE(QuietClient, "S17.2, S17.11: destroy(error) emits that error unchanged, and 'close' with true") {
  client.on<"error">([&](const net::Error& error) {
    CHECK(error.code() == std::errc::timed_out);
    CHECK(std::string(client.errored().what()) == "my own words");
    CHECK(client.readyState() == net::ReadyState::closed);
  });
  client.destroy(net::Error(std::make_error_code(std::errc::timed_out), "my own words"));
  CHECK(client.errored());  // S11.5: before 'error'
  CHECK(log.text().empty());
  run_to_the_end(loop);
  CHECK(log.text() == "error(my own words) close(true)");
}

TEST_CASE("S11.5: the error of destroy() stays the one that it failed with, though a write that waited fails too") {
  net::Loop loop;
  Ends ends(loop);
  REQUIRE(::shutdown(ends.client.nativeHandle(), SHUT_WR) == 0);
  Log log;
  ends.client.on<"error">([&log](const net::Error& error) { log.add(error.what()); });
  ends.client.on<"close">([&log] { log.add("close"); });
  loop.setImmediate([&] {
    ends.client.write("x", [&log](const net::Error& error) { log.add(error.what()); });
    ends.client.destroy(net::Error("mine"));
    CHECK(std::string(ends.client.errored().what()) == "mine");
  });
  run_until(loop, [&log] { return log.has("close"); });
  CHECK(log.count("mine") == 1);
  CHECK(log.count("write EPIPE") == 1);
  CHECK(std::string(ends.client.errored().what()) == "mine");
  ends.destroy();
}

TEST_CASE("S17.3, S28.25: a socket that was never connected: 'close' on a tick, with false even after an error") {
  net::Loop loop;
  Log log;
  const net::Socket socket(loop);
  note(socket, log);
  SUBCASE("plain") { socket.destroy(); }
  SUBCASE("with an error") { socket.destroy(net::Error("why")); }
  const bool failed = socket.errored() ? true : false;
  CHECK(log.text().empty());
  run_to_the_end(loop);
  CHECK(log.text() == (failed ? "error(why) close(false)" : "close(false)"));
}

TEST_CASE("S17.4, S1.6: an 'error' without a listener leaves run() as an exception, and 'close' still comes") {
  net::Loop loop;
  Log log;
  const Quiet quiet(loop);
  const net::Socket client = client_of(loop, quiet.server);
  client.on<"close">([&](bool had_error) { log.add("close(" + yes_or_no(had_error) + ")"); });
  client.once<"ready">([&] { client.destroy(net::Error("nobody hears")); });
  CHECK_THROWS_WITH_AS(loop.run(), "nobody hears", net::Error);
  run_to_the_end(loop);
  CHECK(log.text() == "close(true)");
}

TEST_CASE("S17.5: unread data that is left makes the close a reset for the other side") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop, {.pauseOnConnect = true});
  std::optional<net::Socket> accepted;
  one.server.on<"connection">([&](const net::Socket& socket) { accepted = socket; });
  const net::Socket client = client_of(loop, one.server);
  client.write("never read");
  note(client, log);
  run_until(loop, [&] { return accepted && !client.connecting(); });
  for (int unread = 0; unread == 0;) REQUIRE(::ioctl(accepted->nativeHandle(), FIONREAD, &unread) == 0);
  accepted->destroy();
  run_to_the_end(loop);
  CHECK(log.has("error(read ECONNRESET) close(true)"));
}

TEST_CASE("S17.6: destroy() with writes pending: those get ECANCELED just before 'close'") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop, {.pauseOnConnect = true});
  one.server.on<"connection">([](const net::Socket& socket) {
    socket.on<"error">([] {});
    socket.unref();
  });
  const net::Socket client = client_of(loop, one.server);
  client.once<"ready">([&] {
    note(client, log);
    client.write("taken", note_error(log, "taken"));
    CHECK_FALSE(client.write(std::string(20'000'000, 'x'), note_error(log, "flight")));
    client.write("queued", note_error(log, "queued"));
    client.end(note_error(log, "end"));
    loop.setImmediate([&] { client.destroy(); });
  });
  run_to_the_end(loop);
  CHECK(log.has("flight(ECANCELED) queued(ECANCELED) end(ECANCELED) close(false)"));
  CHECK(log.count("taken") == 1);
}

TEST_CASE(
    "S17.6, S28.27: destroy(error): 'error', ECANCELED to the write in progress, the error to the rest, 'close'") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop, {.pauseOnConnect = true});
  one.server.on<"connection">([](const net::Socket& socket) { socket.unref(); });
  const net::Socket client = client_of(loop, one.server);
  client.once<"ready">([&] {
    note(client, log);
    CHECK_FALSE(client.write(std::string(20'000'000, 'x'), note_error(log, "flight")));
    client.write("queued", note_error(log, "queued"));
    client.end(note_error(log, "end"));
    loop.setImmediate([&] { client.destroy(net::Error(net::Errc::ERR_INVALID_STATE, "why")); });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "error(why) flight(ECANCELED) queued(ERR_INVALID_STATE) end(ERR_INVALID_STATE) close(true)");
}

TEST_CASE_FIXTURE(QuietClient,
                  "S17.6: writes that the kernel had taken before destroy() get their callback without an error") {
  loop.setImmediate([&] {
    client.write(std::string(100'000, 'x'), note_error(log, "large"));
    client.write("small", note_error(log, "small"));
    client.destroy();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "large small close(false)");
  CHECK(quiet.accepted.bytesRead() == 100'005);
}

TEST_CASE("S17.7, S28.26: destroy() while connecting: only 'close', and the server may see a connection that ends") {
  net::Loop loop;
  Log log;
  const net::Server server(loop);
  server.listen(0);
  const net::Socket client = client_of(loop, server);
  note(client, log);
  SUBCASE("right after connect(): nothing is started") { client.destroy(); }
  SUBCASE("while the attempt is under way") {
    client.on<"connectionAttempt">([&] { loop.nextTick([&] { client.destroy(); }); });
  }
  client.on<"close">([&] { server.close(); });
  server.on<"connection">([](const net::Socket& socket) { socket.on<"error">([] {}); });
  run_to_the_end(loop);
  CHECK((log.text() == "close(false)" || log.text() == "attempt close(false)"));
}

TEST_CASE("S17.9, S28.34: destroySoon() sends what is pending and closes without waiting for the other side") {
  net::Loop loop;
  Log log;
  const Quiet quiet(loop, {.allowHalfOpen = true});
  const net::Socket client = quiet_client(loop, quiet, log);
  client.write(std::string(5'000'000, 'x'));
  client.destroySoon();
  CHECK_FALSE(client.destroyed());
  client.on<"close">([&] { loop.setTimeout([&] { quiet.accepted.end(); }, 1); });
  quiet.accepted.on<"error">([] {});
  run_to_the_end(loop);
  CHECK(log.text() == "prefinish finish close(false)");
  CHECK(quiet.accepted.bytesRead() == 5'000'000);
}

TEST_CASE("S17.9: destroySoon() while connecting waits for the connection") {
  net::Loop loop;
  Log log;
  Quiet quiet(loop);
  const net::Socket client = client_of(loop, quiet.server);
  note(client, log);
  client.write("sent");
  client.destroySoon();
  run_to_the_end(loop);
  CHECK(log.text() == "attempt connect ready prefinish finish close(false)");
  CHECK(quiet.accepted.bytesRead() == 4);
}

TEST_CASE("S17.10: destroy() in 'connection' loses no events: 'close' comes") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([&](const net::Socket& socket) {
    socket.destroy();
    note(socket, log);
  });
  client_of(loop, one.server).on<"error">([] {});
  run_to_the_end(loop);
  CHECK(log.text() == "close(false)");
}

TEST_CASE(
    "S17.12, S28.32: resetAndDestroy() closes with a reset: 'close' with false, and an error for the other side") {
  net::Loop loop;
  Log log;
  Quiet quiet(loop);
  const net::Socket client = quiet_client(loop, quiet, log);
  quiet.log.clear();
  CHECK(client.resetAndDestroy().destroy().destroyed());
  client.resetAndDestroy();  // S17.16: does nothing
  run_to_the_end(loop);
  CHECK(log.text() == "close(false)");
  CHECK(quiet.log.has("error(read ECONNRESET) close(true)"));
}

TEST_CASE("S17.13: resetAndDestroy() while connecting waits for 'connect'; 'ready' still comes") {
  net::Loop loop;
  Log log;
  Quiet quiet(loop);
  const net::Socket client = client_of(loop, quiet.server);
  note(client, log);
  client.resetAndDestroy();
  CHECK(client.connecting());
  run_to_the_end(loop);
  CHECK(log.text() == "attempt connect ready close(false)");
}

TEST_CASE("S17.14, S28.33: resetAndDestroy() of a socket without a connection: ERR_SOCKET_CLOSED") {
  net::Loop loop;
  Log log;
  const net::Socket socket(loop);
  note(socket, log);
  socket.resetAndDestroy();
  run_to_the_end(loop);
  CHECK(log.text() == "error(Socket is closed) close(false)");
  socket.resetAndDestroy();
  run_to_the_end(loop);
  CHECK(log.count("close(") == 1);
}

TEST_CASE("S17.17: resetAndDestroy() after end() closes normally") {
  net::Loop loop;
  Log log;
  Quiet quiet(loop, {.allowHalfOpen = true});
  const net::Socket client = quiet_client(loop, quiet, log);
  client.end();
  client.resetAndDestroy();
  run_to_the_end(loop);
  CHECK(log.text() == "close(false)");
}

TEST_CASE("with reusable the listeners stay after 'close'; without, they are dropped") {
  net::Loop loop;
  const net::Socket kept(loop, {.reusable = true}), dropped(loop);
  kept.on<"close">([] {});
  dropped.on<"close">([] {});
  kept.destroy();
  dropped.destroy();
  run_to_the_end(loop);
  CHECK(kept.listenerCount<"close">() == 1);
  CHECK(dropped.listenerCount<"close">() == 0);
}
