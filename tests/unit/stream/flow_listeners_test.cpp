#include <net/detail/stream/flow.ipp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// What an accepted socket emits of "foo" and the end when `prepare` has put its listeners there; exceptions are noted.
template <class Prepare>
std::string emitted_of_foo(Prepare prepare, std::string_view sent = "foo") {
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
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.prependListener<"readable">(adds(log, "readable"));
        }) == "resume data(foo) readable end close");
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.prependOnceListener<"readable">(adds(log, "readable"));
        }) == "resume data(foo) readable end close");
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
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

TEST_CASE("S14.2: where nothing but listeners in front hear, what comes is emitted from the buffer, as in Node") {
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
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([socket, &log] {
            log.add("readable");
            CHECK(socket.listenerCount<"readable">() == 0);
            CHECK(socket.readableFlowing() == false);
          });
        }) == flows);
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.once<"readable">(adds(log, "readable"));
          socket.on<"data">(adds_data(log));
        }) == "readable resume data(foo) end close");
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([socket, &log] { log.add("readable"), socket.resume(); });
        }) == flows);
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([socket, &log] { log.add("readable"), socket.pause(); });
        }) == flows);
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([&log] { log.add("readable"), throw 1; });
        }) == "resume readable thrown resume data(foo) end close");
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">([socket, &log] { log.add("readable"), log.add(socket.read().value_or("nothing")); });
        }) == "resume readable data(foo) foo resume end close");
  CHECK(emitted_of_foo(
            [](const net::Socket& socket, Log& log) {
              socket.on<"data">(adds_data(log));
              socket.once<"readable">(adds(log, "readable"));
            },
            "") == "resume readable end resume close");
}

TEST_CASE("S14.10: 'data' flows only when the last 'readable' listener is gone, in whatever way it went") {
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">(adds(log, "first"));
          socket.once<"readable">(adds(log, "second"));
        }) == "resume first second resume data(foo) end close");
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.once<"readable">(adds(log, "first"));
          socket.on<"readable">([socket, &log] { log.add("second"), log.add(socket.read().value_or("nothing")); });
        }) == "resume first second data(foo) foo resume second nothing end close");
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          socket.on<"readable">([socket, &log] { log.add("readable"), socket.removeAllListeners<"readable">(); });
        }) == "resume readable resume data(foo) end close");
  net::Listener itself;
  CHECK(emitted_of_foo([&itself](const net::Socket& socket, Log& log) {
          socket.on<"data">(adds_data(log));
          itself = socket.addListener<"readable">([socket, &log, &itself] { log.add("readable"), socket.off(itself); });
        }) == "resume readable resume data(foo) end close");
}

TEST_CASE(
    "S14.10: where 'readable' is listened to, it is emitted though the socket flows, if nobody listens to 'data'") {
  CHECK(emitted_of_foo([](const net::Socket& socket, Log& log) {
          socket.on<"readable">([] {});
          socket.removeAllListeners<"readable">();
          socket.on<"readable">(adds(log, "readable"));
          socket.resume();
        }).find("readable") != std::string::npos);
}
