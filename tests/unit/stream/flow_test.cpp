#include <net/detail/stream/flow.ipp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S14.5: flowing without a listener throws data away; removing the last one does not pause") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, std::string(200'000, 'x'));
  const net::Socket client = client_of(loop, sender.server);
  note(client, log);
  net::Listener listener;
  listener = client.addListener<"data">([&] { client.off(listener); });
  run_to_the_end(loop);
  CHECK(client.bytesRead() == 200'000);
  CHECK(client.readableFlowing() == true);
  CHECK(log.has("end prefinish finish close(false)"));
}

TEST_CASE("S14.6: pause() tells 'pause' at once, once, and stops 'data' inside a listener, though more is there") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, std::string(300'000, 'x'));
  const net::Socket client = client_of(loop, sender.server);
  note(client, log);
  std::size_t got = 0;
  int chunks = 0;
  client.on<"data">([&](net::Chunk chunk) {
    CHECK_FALSE(client.isPaused());
    got += chunk.size();
    ++chunks;
    log.clear();
    client.pause();
    CHECK(log.text() == "pause");
    client.pause();
    CHECK(log.text() == "pause");
    CHECK(client.isPaused());
    loop.setImmediate([&] { client.resume(); });
  });
  run_to_the_end(loop);
  CHECK(got == 300'000);
  CHECK(chunks >= 5);
  CHECK(log.has("end prefinish finish"));
  CHECK(log.has("close(false)"));
}

TEST_CASE("S14.7, S14.8: resume() tells 'resume' on the next tick, once; the last call wins") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "data");
  const net::Socket client = client_of(loop, sender.server);
  client.pause();
  note(client, log);
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  run_until(loop, [&] { return log.has("ready"); });
  log.clear();
  client.resume().resume();
  CHECK(log.text().empty());
  client.pause();
  CHECK(log.text() == "pause");
  for (int turns = 0; turns < 20; ++turns) loop.runOnce(0);
  CHECK_FALSE(log.has("data"));
  client.resume();
  run_to_the_end(loop);
  CHECK(log.has("resume data end prefinish finish close(false)"));
}

TEST_CASE("S14.14, S14.15: paused before it connects a socket connects, but notices neither data nor end") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.unref().end(); });
  const net::Socket client(loop);
  client.pause();
  client.connect(one.port(), "127.0.0.1");
  note(client, log);
  run_to_the_end(loop);  // S19.7: a socket that does not read does not keep it alive
  CHECK(log.text() == "attempt connect ready");
  CHECK_FALSE(client.readableEnded());
  client.resume();
  run_to_the_end(loop);
  CHECK(log.has("ready resume end prefinish finish close(false)"));
}

TEST_CASE("S14.11: what is put back comes first, in front of what has not been read yet") {
  net::Loop loop;
  const Sender sender(loop, "world");
  const net::Socket client = client_of(loop, sender.server);
  std::string heard;
  client.once<"readable">([&, client] {
    client.unshift("hello ");
    client.on<"data">([&heard](net::Chunk chunk) { heard += chunk.toString(); });
    client.resume();
  });
  run_to_the_end(loop);
  CHECK(heard == "hello world");
}

TEST_CASE("S14.21: an encoding that is set when something is buffered already decodes that too") {
  net::Loop loop;
  const Sender sender(loop, "\xe2\x82");
  const net::Socket client = client_of(loop, sender.server);
  std::string heard;
  client.once<"readable">([&, client] {
    client.setEncoding(net::Encoding::hex);
    client.on<"data">([&heard](net::Chunk chunk) { heard += chunk.view(); });
    client.resume();
  });
  run_to_the_end(loop);
  CHECK(heard == "e282");
}

TEST_CASE("S14.11: unshift() before the first read is told from the loop, not inside the call") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "sent");
  const net::Socket client = client_of(loop, sender.server);
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  client.unshift("later");
  client.unshift("first");
  CHECK(log.text().empty());
  CHECK(client.readableLength() == 10);
  run_to_the_end(loop);
  CHECK(log.text() == "first later sent");
}

TEST_CASE("S14.11: unshift() gives back pieces of their own, the last one first") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  ends.accepted->write("abc");
  run_until(loop, [&] { return ends.client.read(0), ends.client.readableLength() == 3; });
  ends.client.unshift("second").unshift("first").unshift("");
  CHECK(ends.client.readableLength() == 14);
  ends.client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  ends.client.resume();
  run_until(loop, [&] { return log.has("abc"); });
  CHECK(log.text() == "first second abc");
  ends.destroy();
}

TEST_CASE(
    "S14.11: inside 'data' it is told inside the call if nothing else waits, as in Node, and waits while paused") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "abc");
  const net::Socket client = client_of(loop, sender.server);
  client.on<"data">([&, depth = 0](net::Chunk chunk) mutable {
    log.add("<" + chunk.toString());
    if (++depth == 1) {
      client.unshift("u1").unshift("u2");
      client.pause();
      client.unshift("p1").unshift("p2");
      log.add(std::to_string(client.readableLength()));
      client.resume();
    }
    log.add(">");
  });
  run_to_the_end(loop);
  CHECK(log.text() == "<abc <u1 > <u2 > 4 > <p2 > <p1 >");
}

TEST_CASE("S14.11, S14.9: read(n) goes over pieces that were given back, however they were cut") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  ends.accepted->write("0123456789");
  run_until(loop, [&] { return ends.client.read(0), ends.client.readableLength() == 10; });
  const auto read = [&](std::size_t n) { return ends.client.read(n).value_or("nothing"); };
  CHECK(read(3) == "012");
  ends.client.unshift("bc");
  ends.client.unshift("a");
  CHECK(read(2) == "ab");
  CHECK(read(4) == "c345");
  ends.client.unshift("5");
  CHECK(ends.client.readableLength() == 5);
  CHECK(read(6) == "nothing");
  CHECK(read(2) == "56");
  CHECK(ends.client.read() == "789");
  CHECK(read(1) == "nothing");
  CHECK(ends.client.readableLength() == 0);
  ends.destroy();
}

TEST_CASE("S14.11: in 'readable' what was given back is told with the next 'readable'") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "abc");
  const net::Socket client = client_of(loop, sender.server);
  client.on<"readable">([&, rounds = 0]() mutable {
    log.add("readable");
    const auto piece = client.read();
    log.add(piece.value_or("nothing"));
    if (piece && ++rounds < 3) client.unshift("u" + std::to_string(rounds));
  });
  client.on<"end">([&] { log.add("end"); });
  run_to_the_end(loop);
  CHECK(log.text().starts_with("readable abc readable u1 readable u2"));
  CHECK(log.count("end") == 1);
}

TEST_CASE("S14.11, S14.20: with an encoding text is given back as it is") {
  net::Loop loop;
  Ends ends(loop);
  Log log;
  ends.client.setEncoding(net::Encoding::hex);
  ends.accepted->write("A");
  run_until(loop, [&] { return ends.client.read(0), ends.client.readableLength() == 2; });
  ends.client.unshift("zz");
  ends.client.setEncoding(net::Encoding::latin1);
  CHECK(ends.client.read() == "zz41");
  ends.destroy();
}

TEST_CASE(
    "S14.11, S14.12: what is given back between the last byte and 'end' is read before 'end'; later it is an error") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "last");
  const net::Socket client(loop, {.allowHalfOpen = true});
  client.connect(sender.port(), "127.0.0.1");
  client.pause();
  client.once<"connect">([&] { (void)client.read(0); });
  run_until(loop, [&] { return client.readableLength() == 4; });
  client.unshift("given");
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  client.on<"end">([&] { log.add("end"); });
  client.resume();
  run_until(loop, [&] { return client.readableEnded(); });
  CHECK(log.text() == "given last end");
  client.on<"error">([&](const net::Error& error) { log.add(error.name()); });
  client.unshift("late");
  CHECK(client.destroyed());
  run_to_the_end(loop);
  CHECK(log.text() == "given last end ERR_STREAM_UNSHIFT_AFTER_END_EVENT");
}

namespace {

/// What an accepted socket tells of "foo" and the end when `prepare` has put its listeners there; exceptions are noted.
template <class Prepare>
std::string told_of_foo(Prepare prepare, std::string_view sent = "foo") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([&](const net::Socket& socket) {
    socket.on<"resume">([&] { log.add("resume"); });
    socket.on<"end">([&] { log.add("end"); });
    socket.on<"close">([&] { log.add("close"); });
    prepare(socket, log);
  });
  const net::Socket client(loop);
  client.connect(one.port(), "127.0.0.1", [client, sent] { client.end(sent); });
  client.on<"error">([] {});
  for (bool thrown = true; thrown;) {
    thrown = false;
    try {
      loop.run();
    } catch (int) {
      thrown = true;
      log.add("thrown");
    }
  }
  CHECK_FALSE(loop.alive());
  return log.text();
}

auto adds_data(Log& log) {
  return [&log](net::Chunk chunk) { log.add("data(" + chunk.toString() + ")"); };
}
auto adds(Log& log, std::string_view word) {
  return [&log, word] { log.add(word); };
}

}  // namespace

TEST_CASE("S14.2, S14.10: what is put in front of the others changes nothing about how a socket reads, as in Node") {
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.prependListener<"readable">(adds(log, "readable"));
        }) == "resume data(foo) readable end close");
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.prependOnceListener<"readable">(adds(log, "readable"));
        }) == "resume data(foo) readable end close");
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.prependListener<"data">(adds_data(log));
          CHECK_FALSE(socket.readableFlowing());
          net::setImmediate([socket] {
            CHECK_FALSE(socket.readableFlowing());
            socket.resume();
          });
        }) == "resume data(foo) end close");
}

TEST_CASE(
    "S14.2, S14.10: a 'data' listener that is put in front makes nothing flow when the last 'readable' one goes") {
  net::Loop loop;
  Log log;
  const net::Socket socket(loop);
  socket.on<"resume">([&] { log.add("resume"); });
  socket.prependListener<"data">([] {});
  socket.on<"readable">([] {});
  socket.removeAllListeners<"readable">();
  loop.runOnce(0);
  CHECK(log.text().empty());
  CHECK_FALSE(socket.readableFlowing());
  SUBCASE("one that was added behind does") {
    socket.on<"readable">([] {});
    socket.on<"data">([] {});
    socket.removeAllListeners<"readable">();
    loop.runOnce(0);
    CHECK(log.text() == "resume");
  }
}

TEST_CASE("S14.2: where nothing but listeners in front hear, what comes is told from the buffer, as in Node") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "text");
  const net::Socket client = client_of(loop, sender.server);
  client.prependListener<"readable">([&] { log.add("readable"); });
  client.prependListener<"data">([&](net::Chunk chunk) { log.add(chunk); });
  client.resume();
  run_to_the_end(loop);
  CHECK(log.has("readable text"));
}

TEST_CASE("S14.10, S1.4: 'data' flows again when a 'readable' listener for one time was used, as in Node") {
  const std::string flows = "resume readable resume data(foo) end close";
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([socket, &log] {
            log.add("readable");
            CHECK(socket.listenerCount<"readable">() == 0);
            CHECK(socket.readableFlowing() == false);
          });
        }) == flows);
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.once<"readable">(adds(log, "readable"));
          socket.on<"data">(adds_data(log));
        }) == "readable resume data(foo) end close");
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([socket, &log] { log.add("readable"), socket.resume(); });
        }) == flows);
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([socket, &log] { log.add("readable"), socket.pause(); });
        }) == flows);
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([&log] { log.add("readable"), throw 1; });
        }) == "resume readable thrown resume data(foo) end close");
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([socket, &log] { log.add("readable"), log.add(socket.read().value_or("nothing")); });
        }) == "resume readable data(foo) foo resume end close");
  CHECK(told_of_foo(
            [](const net::Socket& socket, Log& log) {
              socket.on<"data">(adds_data(log));
              socket.once<"readable">(adds(log, "readable"));
            },
            "") == "resume readable end resume close");
}

TEST_CASE("S14.10: 'data' flows only when the last 'readable' listener is gone, in whatever way it went") {
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">(adds(log, "first"));
          socket.once<"readable">(adds(log, "second"));
        }) == "resume first second resume data(foo) end close");
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">(adds(log, "first"));
          socket.on<"readable">([socket, &log] { log.add("second"), log.add(socket.read().value_or("nothing")); });
        }) == "resume first second data(foo) foo resume second nothing end close");
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.on<"readable">([socket, &log] { log.add("readable"), socket.removeAllListeners<"readable">(); });
        }) == "resume readable resume data(foo) end close");
  net::Listener itself;
  CHECK(told_of_foo([&itself](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          itself = socket.addListener<"readable">([socket, &log, &itself] { log.add("readable"), socket.off(itself); });
        }) == "resume readable resume data(foo) end close");
}

TEST_CASE("S14.10: where 'readable' is heard, it is told of what comes though it flows, if nobody hears 'data'") {
  CHECK(told_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"readable">([] {});
          socket.removeAllListeners<"readable">();
          socket.on<"readable">(adds(log, "readable"));
          socket.resume();
        }).find("readable") != std::string::npos);
}
