#include <net/detail/stream/read.ipp>

#include <doctest/doctest.h>

#include <net/detail/stream/readable.ipp>

#include <algorithm>
#include <memory>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/throwing.hpp"

using namespace tests;

TEST_CASE("S14.1, S14.3: a socket without listeners reads by itself; a listener added later gets all of it") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, "early");
  const net::Socket client = client_of(loop, sender.server);
  CHECK_FALSE(client.readableFlowing().has_value());
  run_until(loop, [&] { return client.readableLength() == 5; });
  CHECK(client.bytesRead() == 5);
  note(client, log);
  client.on<"data">([&](net::Chunk chunk) { log.add(chunk); });
  CHECK(client.readableFlowing() == true);
  CHECK_FALSE(log.has("early"));  // first on a later tick
  run_to_the_end(loop);
  CHECK(log.text() == "resume early end prefinish finish close(false)");
}

TEST_CASE("S14.3: nobody reads: buffering stops at the high-water mark, and nothing is lost") {
  net::Loop loop;
  const std::string text(3'000'000, 'x');
  const Sender sender(loop, text);
  const net::Socket client(loop, {.highWaterMark = 10});
  client.connect(sender.port(), "127.0.0.1");
  run_until(loop, [&] { return client.readableLength() > 0; });
  for (int turns = 0; turns < 50; ++turns) loop.runOnce(0);
  CHECK(client.readableLength() >= 10);
  CHECK(client.readableLength() <= 65536);
  CHECK(client.bytesRead() == client.readableLength());
  std::size_t got = 0;
  client.on<"data">([&](net::Chunk chunk) { got += chunk.size(); });
  run_to_the_end(loop);
  CHECK(got == text.size());
}

TEST_CASE("S14.4: bytes come in order, at most 65,536 at once") {
  net::Loop loop;
  std::string text;
  for (int i = 0; text.size() < 2'000'000; ++i) text += std::to_string(i) + ',';
  const Sender sender(loop, text);
  std::string got;
  std::size_t largest = 0;
  client_of(loop, sender.server).on<"data">([&](net::Chunk chunk) {
    got += chunk;
    largest = (std::max)(largest, chunk.size());
  });
  run_to_the_end(loop);
  CHECK(got == text);
  CHECK(largest <= 65536);
}

TEST_CASE("S14.9: read() takes all of the buffer, read(n) exactly n or nothing, and emits 'data'") {
  net::Loop loop;
  const Sender sender(loop, "abcdefghij", false);
  const net::Socket client = client_of(loop, sender.server);
  run_until(loop, [&] { return client.readableLength() == 10; });
  CHECK(client.read(3) == "abc");
  CHECK(client.readableLength() == 7);
  CHECK_FALSE(client.read(8).has_value());
  CHECK_FALSE(client.read(0).has_value());
  client.pause();
  std::string emitted;
  client.on<"data">([&](net::Chunk chunk) { emitted += chunk; });
  CHECK(client.read(2) == "de");
  CHECK(emitted == "de");
  CHECK(client.read() == "fghij");
  CHECK(emitted == "defghij");
  CHECK_FALSE(client.read().has_value());
  CHECK(client.readableLength() == 0);
  client.resume();
  client.end();
  run_to_the_end(loop);
}

TEST_CASE("S14.9: read(n) beyond the high-water mark raises it to the next power of two") {
  net::Loop loop;
  const Sender sender(loop, std::string(100'000, 'x'), false);
  const net::Socket client(loop, {.highWaterMark = 16});
  client.connect(sender.port(), "127.0.0.1");
  run_until(loop, [&] { return client.readableLength() > 0; });
  CHECK_FALSE(client.read(100'000).has_value());
  CHECK(client.readableHighWaterMark() == 131072);
  run_until(loop, [&] { return client.readableLength() == 100'000; });
  CHECK(client.read(100'000)->size() == 100'000);
  client.resume();
  client.end();
  run_to_the_end(loop);
}

TEST_CASE("S14.19: a high-water mark of 0 reads like any small one") {
  net::Loop loop;
  const Sender sender(loop, std::string(100'000, 'x'));
  const net::Socket client(loop, {.highWaterMark = 0});
  client.connect(sender.port(), "127.0.0.1");
  std::size_t got = 0;
  client.on<"data">([&](net::Chunk chunk) { got += chunk.size(); });
  run_to_the_end(loop);
  CHECK(got == 100'000);
}

TEST_CASE("S2.2, S28.42: between two chunks of one read the ticks of the first run") {
  net::Loop loop;
  Log log;
  const Sender sender(loop, std::string(400'000, 'x'));
  const net::Socket client = client_of(loop, sender.server);
  int inside = 0;
  client.on<"data">([&] {
    CHECK(inside == 0);  // the tick of the one before has run
    ++inside;
    loop.nextTick([&] { --inside; });
  });
  run_to_the_end(loop);
  CHECK(inside == 0);
}

TEST_CASE("S2.15: one socket that always has data does not starve another") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  bool stop = false;
  int accepted = 0;
  server.on<"connection">([&](const net::Socket& socket) {
    if (++accepted == 2) {
      socket.end("small");
      return;
    }
    const auto feed = [socket, &stop] {
      while (!stop && socket.write(std::string(1'000'000, 'x'))) {}
    };
    socket.on<"drain">(feed);
    socket.on<"error">([] {});
    feed();
  });
  const net::Socket greedy = client_of(loop, server);
  std::size_t flood = 0;
  net::Socket small(loop);
  greedy.on<"data">([&](net::Chunk chunk) {
    if (flood == 0) {
      small = client_of(loop, server);
      small.on<"data">([&] {
        stop = true;
        greedy.destroy();
        server.close();
      });
    }
    flood += chunk.size();
  });
  run_to_the_end(loop);
  CHECK(stop);
}

TEST_CASE("S1.5: a 'data' listener that throws loses none of the bytes behind") {
  net::Loop loop;
  std::string text;
  for (int i = 0; text.size() < 500'000; ++i) text += std::to_string(i) + ' ';
  const Sender sender(loop, text);
  const net::Socket client = client_of(loop, sender.server);
  std::string got;
  client.on<"data">([&](net::Chunk chunk) {
    got += chunk;
    throw 1;
  });
  const int thrown = throws_to_the_end(loop, 10000);
  CHECK(got == text);
  CHECK(thrown >= 8);
}

TEST_CASE(
    "S14.3, S14.11: who puts back more than the mark inside 'data' and pauses gets all of it, and what follows, "
    "later") {
  net::Loop loop;
  const std::string back(100, 'b');
  std::size_t got = 0;
  bool ended = false;
  bool flows = false;
  SUBCASE("paused") {}
  SUBCASE("flowing, without a listener for a while") { flows = true; }
  net::Server server(loop, {.highWaterMark = 10});
  server.listen(0);
  server.on<"connection">([&](net::Socket socket) {
    server.close();
    socket.on<"end">([&] { ended = true; });
    const auto first = std::make_shared<net::Listener>();
    *first = socket.addListener<"data">([&, first](net::Socket& self, net::Chunk) {
      self.off(*first);
      if (!flows) self.pause();
      self.unshift(back);
      const auto more = [&, self] {
        self.on<"data">([&](net::Chunk chunk) { got += chunk.size(); });
        self.resume();
      };
      if (flows) {
        more();
      } else {
        loop.setImmediate(more);
      }
    });
  });
  const net::Socket client(loop);
  client.connect(server.address()->port, "127.0.0.1");
  client.resume();
  client.end("x");
  run_to_the_end(loop);
  CHECK(got == back.size());
  CHECK(ended);
}
