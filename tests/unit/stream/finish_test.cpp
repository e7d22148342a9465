#include <net/detail/stream/finish.ipp>

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "tests/support/quiet.hpp"
#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE_FIXTURE(
    QuietClient,
    "S16.1-S16.3: end() ends the writing side: callbacks, 'prefinish', end callbacks, 'finish', on later ticks") {
  client.resume();
  loop.setImmediate([&] {
    client.write("a", note_error(log, "write"));
    client.end("b", note_error(log, "end-callback"));
    CHECK_FALSE(client.writable());
    CHECK(client.writableEnded());
    CHECK_FALSE(client.writableFinished());
    CHECK(client.readyState() == net::ReadyState::readOnly);
    log.add("returned");
  });
  client.on<"finish">([&] { CHECK(client.writableFinished()); });
  run_to_the_end(loop);
  CHECK(log.text() == "resume returned write prefinish end-callback finish end close(false)");
  CHECK(quiet.accepted.bytesRead() == 2);
}

TEST_CASE("S16.5: end() again is harmless: before 'finish' its callback runs with it, after it gets an error") {
  net::Loop loop;
  Log log;
  const Quiet quiet(loop, {.allowHalfOpen = true});
  const net::Socket client = quiet_client(loop, quiet, log);
  client.end(note_error(log, "first"));
  client.end(note_error(log, "second"));
  client.on<"finish">([&] {
    client.end(note_error(log, "third"));
    loop.setImmediate([&] { client.destroy(); });
    quiet.accepted.destroy();
  });
  run_to_the_end(loop);
  CHECK(log.has("prefinish first second finish third(ERR_STREAM_ALREADY_FINISHED)"));
  CHECK_FALSE(log.has("error("));
}

TEST_CASE_FIXTURE(QuietClient, "S16.5: end() after destroy() gives its callback an error, and no 'error' comes") {
  client.destroy();
  client.end(note_error(log, "end"));
  run_to_the_end(loop);
  CHECK(log.text() == "end(ERR_STREAM_DESTROYED) close(false)");
}

TEST_CASE("S16.6, S16.11, S28.18: the client ends first: both sides see end, finish and close in Node's order") {
  net::Loop loop;
  Log log;
  Quiet quiet(loop);
  const net::Socket client = quiet_client(loop, quiet, log);
  quiet.log.clear();
  client.resume().end();
  run_to_the_end(loop);
  CHECK(log.text() == "resume prefinish finish end close(false)");
  CHECK(quiet.log.has("end prefinish finish close(false)"));
}

TEST_CASE_FIXTURE(QuietClient, "S28.19: the server ends first with data: data, end, and the client's automatic end") {
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  quiet.accepted.end("data");
  run_to_the_end(loop);
  CHECK(log.text() == "resume data end prefinish finish close(false)");
}

TEST_CASE("S16.7: in the 'end' listener the socket is still writable, and a write there is sent before its end") {
  net::Loop loop;
  std::string heard;
  const Quiet quiet(loop);
  Log log;
  const net::Socket client = quiet_client(loop, quiet, log);
  quiet.accepted.on<"end">([&] {
    CHECK(quiet.accepted.writable());
    CHECK(quiet.accepted.readyState() == net::ReadyState::writeOnly);
    quiet.accepted.write("last words");
  });
  client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  client.end();
  run_to_the_end(loop);
  CHECK(heard == "last words");
}

TEST_CASE("S16.9, S28.22: half open, a socket stays writable after 'end' until it ends too") {
  net::Loop loop;
  Log log;
  std::string heard;
  const Quiet quiet(loop, {.allowHalfOpen = true});
  const net::Socket client = quiet_client(loop, quiet, log);
  client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  client.end("question");
  quiet.accepted.on<"end">([&] {
    loop.setTimeout(
        [&] {
          CHECK(quiet.accepted.readyState() == net::ReadyState::writeOnly);
          CHECK(quiet.accepted.write("ans"));
          quiet.accepted.end("wer");
        },
        2);
  });
  run_to_the_end(loop);
  CHECK(heard == "answer");
  CHECK(quiet.log.has("end prefinish finish close(false)"));
  CHECK(log.has("prefinish finish end close(false)"));
}

TEST_CASE("S16.9, S15.15: half open, a write after end() is 'write after end', not EPIPE") {
  net::Loop loop;
  Log log;
  const Quiet quiet(loop, {.allowHalfOpen = true});
  const net::Socket client = quiet_client(loop, quiet, log);
  client.end();
  quiet.accepted.on<"end">([&] {
    quiet.accepted.end();
    quiet.accepted.write("late");
  });
  run_to_the_end(loop);
  CHECK(quiet.log.has("error(write after end) close(true)"));
}

TEST_CASE("S16.10, S28.23: end() while connecting: 'connect' and 'ready' first, readOnly in them") {
  net::Loop loop;
  Log log;
  const Quiet quiet(loop);
  const net::Socket client = client_of(loop, quiet.server);
  note(client, log);
  client.end("early", note_error(log, "callback"));
  CHECK(client.readyState() == net::ReadyState::opening);
  CHECK_FALSE(client.writable());
  client.on<"connect">([&] { CHECK(client.readyState() == net::ReadyState::readOnly); });
  client.resume();
  run_to_the_end(loop);
  CHECK(log.text() == "attempt resume connect ready prefinish callback finish end close(false)");
  CHECK(quiet.accepted.bytesRead() == 5);
}

TEST_CASE("S16.12: end() alone does not close: the socket reads until the other side ends") {
  net::Loop loop;
  Log log;
  std::string heard;
  const Quiet quiet(loop, {.allowHalfOpen = true});
  const net::Socket client = quiet_client(loop, quiet, log);
  client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  client.end();
  client.on<"finish">([&] {
    loop.setImmediate([&] {
      CHECK_FALSE(client.destroyed());
      CHECK(client.readyState() == net::ReadyState::readOnly);
      quiet.accepted.end("still read");
    });
  });
  run_to_the_end(loop);
  CHECK(heard == "still read");
}

TEST_CASE("S16.13: end() on a socket that was never connected: 'prefinish' at once, 'finish' on a tick, no 'close'") {
  net::Loop loop;
  Log log;
  const net::Socket socket(loop);
  note(socket, log);
  socket.end(note_error(log, "callback"));
  CHECK(log.text() == "prefinish");
  run_to_the_end(loop);
  CHECK(log.text() == "prefinish callback finish");
  socket.destroy();
  run_to_the_end(loop);
}

TEST_CASE("S16.14: 'end' comes at once though own writes are pending; they are sent before the own end") {
  net::Loop loop;
  Log log;
  const std::size_t size = 20'000'000;
  std::size_t heard = 0;
  const OneConnection one(loop, {.allowHalfOpen = true, .pauseOnConnect = true});
  net::Socket accepted(loop);
  one.server.on<"connection">([&](const net::Socket& socket) {
    accepted = socket;
    accepted.end();
    accepted.on<"data">([&](net::Chunk chunk) { heard += chunk.size(); });
  });
  const net::Socket client = client_of(loop, one.server);
  client.write(std::string(size, 'x'));
  note(client, log);
  client.on<"end">([&] {
    CHECK(client.writableLength() > 0);
    loop.setImmediate([&] { accepted.resume(); });
  });
  run_to_the_end(loop);
  CHECK(heard == size);
  CHECK(log.has("end drain prefinish finish close(false)") == false);  // S15.9: no drain after the automatic end
  CHECK(log.has("end prefinish finish close(false)"));
}
