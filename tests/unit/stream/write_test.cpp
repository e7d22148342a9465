#include <net/detail/stream/write.ipp>

#include <doctest/doctest.h>

#include <net/detail/stream/send.ipp>

#include <string>
#include <vector>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S15.2: text, vectors, arrays and spans of bytes are written; their memory is free again after the call") {
  net::Loop loop;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.once<"connect">([&] {
    std::string reused = "one ";
    client.write(reused);
    reused = "XXX ";
    client.write("two ");
    client.write(std::string_view("three "));
    client.write(std::string("four "));
    client.write(std::vector<unsigned char>{'f', 'i', 'v', 'e', ' '});
    const std::byte bytes[] = {std::byte{'s'}, std::byte{'i'}, std::byte{'x'}};
    client.write(std::span<const std::byte>(bytes));
    client.end(" 7f", net::Encoding::hex);  // S15.1: hex stops at the first digit that is none
  });
  run_to_the_end(loop);
  CHECK(receiver.heard == "one two three four five six");
}

TEST_CASE("S15.4: write() advises by what is pending, not by the size of the write") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client(loop, {.highWaterMark = 100});
  CHECK(client.writableHighWaterMark() == 100);
  client.connect(receiver.port(), "127.0.0.1");
  client.once<"ready">([&] {
    // larger than the mark, but the kernel takes it all (S29.2)
    CHECK(client.write(std::string(5000, 'x')));
    CHECK(client.writableLength() == 0);
    // larger than what the kernel takes
    CHECK_FALSE(client.write(std::string(20'000'000, 'x')));
    CHECK(client.writableNeedDrain());
    CHECK(client.writableLength() == 20'000'000);
    CHECK_FALSE(client.write("y"));  // behind it
    CHECK(client.writableLength() == 20'000'001);
    CHECK(client.bufferSize() == 20'000'001);
    CHECK(client.bytesWritten() == 20'005'001);
  });
  client.on<"drain">([&] {
    log.add("drain");
    CHECK(client.writableLength() == 0);
    CHECK_FALSE(client.writableNeedDrain());
    client.end();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "drain");
  CHECK(receiver.heard.size() == 20'005'001);
  CHECK(receiver.heard.back() == 'y');
}

TEST_CASE("S15.5, S15.6: everything is accepted and arrives in order, also when write() says false") {
  net::Loop loop;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  std::string all;
  bool full = false;
  client.once<"connect">([&] {
    for (int i = 0; all.size() < 8'000'000; ++i) {
      std::string piece = std::to_string(i) + std::string(static_cast<std::size_t>(i % 3) * 9000, '.');
      all += piece;
      if (i % 2) {
        full = !client.write(piece) || full;
      } else {
        full = !client.write(std::move(piece)) || full;
      }
    }
    client.end();
  });
  run_to_the_end(loop);
  CHECK(full);
  CHECK((receiver.heard == all));
}

TEST_CASE("S15.9: 'drain' comes before the callback of the write that emptied the buffer") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client(loop, {.highWaterMark = 1000});
  client.connect(receiver.port(), "127.0.0.1");
  note(client, log);
  client.once<"ready">([&] {
    log.clear();
    CHECK_FALSE(client.write(std::string(20'000'000, 'x'), [&] {
      log.add("callback");
      client.end();
    }));
  });
  run_to_the_end(loop);
  CHECK(log.text() == "drain callback prefinish finish end close(false)");
}

TEST_CASE("S15.9: no 'drain' after end() or destroy()") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client(loop, {.highWaterMark = 1000});
  client.connect(receiver.port(), "127.0.0.1");
  note(client, log);
  client.once<"ready">([&] {
    CHECK_FALSE(client.write(std::string(20'000'000, 'x')));
    SUBCASE("end") { client.end(); }
    SUBCASE("destroy") { client.destroy(); }
    CHECK_FALSE(client.writableNeedDrain());
  });
  run_to_the_end(loop);
  CHECK_FALSE(log.has("drain"));
  CHECK(log.has("close(false)"));
}

TEST_CASE("S15.11: with a high-water mark of 0 write() is true if the kernel took everything") {
  net::Loop loop;
  Receiver receiver(loop);
  const net::Socket client(loop, {.highWaterMark = 0});
  client.connect(receiver.port(), "127.0.0.1");
  CHECK_FALSE(client.write("before"));  // S15.12: not connected, so it waits
  client.once<"ready">([&] {
    CHECK(client.write("after"));
    CHECK_FALSE(client.write(std::string(20'000'000, 'x')));
    client.end();
  });
  run_to_the_end(loop);
  CHECK(receiver.heard.substr(0, 11) == "beforeafter");
}

TEST_CASE("S15.6: order holds between small, large, corked and taken-over writes, in one listener and across") {
  net::Loop loop;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  std::string all;
  int round = 0;
  const auto write = [&](std::size_t size) {
    std::string piece(size, static_cast<char>('a' + round++ % 26));
    all += piece;
    client.write(std::move(piece));
  };
  client.once<"ready">([&] {
    for (const std::size_t size : {1u, 10u, 9000u, 1u, 100'000u, 5u, 16384u, 3u, 2'000'000u, 7u, 8192u}) write(size);
    client.cork();
    for (const std::size_t size : {3u, 50'000u, 4u}) write(size);
    client.uncork();
    loop.setImmediate([&] {
      for (const std::size_t size : {1u, 200'000u, 2u}) write(size);
      client.end("z");
      all += "z";
    });
  });
  run_to_the_end(loop);
  CHECK((receiver.heard == all));
}

TEST_CASE("a socket's small writes leave before another's that came later in the same listener") {
  net::Loop loop;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  // two sockets take turns with the one cork buffer
  const OneConnection other_server(loop);
  std::string other_heard;
  other_server.server.on<"connection">(
      [&](const net::Socket& socket) { socket.on<"data">([&](net::Chunk chunk) { other_heard += chunk; }); });
  const net::Socket other = client_of(loop, other_server.server);
  run_until(loop, [&] { return !client.connecting() && !other.connecting(); });
  loop.setImmediate([&] {
    for (int i = 0; i < 100; ++i) {
      client.write("a" + std::to_string(i));
      other.write("b" + std::to_string(i));
    }
    client.end();
    other.end();
  });
  run_to_the_end(loop);
  std::string expected, other_expected;
  for (int i = 0; i < 100; ++i) {
    expected += "a" + std::to_string(i);
    other_expected += "b" + std::to_string(i);
  }
  CHECK(receiver.heard == expected);
  CHECK(other_heard == other_expected);
}

TEST_CASE("S11.12: bytesWritten jumps at the write, and is kept after destroy") {
  net::Loop loop;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.write("12345");
  CHECK(client.bytesWritten() == 5);
  client.once<"ready">([&] {
    client.write("67");
    CHECK(client.bytesWritten() == 7);
    client.end();
  });
  run_to_the_end(loop);
  CHECK(client.bytesWritten() == 7);
  CHECK(receiver.heard.size() == 7);
}
