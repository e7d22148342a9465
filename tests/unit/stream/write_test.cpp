#include <net/detail/stream/write.ipp>

#include <doctest/doctest.h>

#include <net/detail/stream/send.ipp>

#include <memory>
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

TEST_CASE("S15.7, S15.8: a callback never runs inside write(), and in the order of the writes") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.once<"ready">([&] {
    loop.setImmediate([&] {
      client.write("a", note_error(log, "a"));
      client.write("", note_error(log, "empty"));
      client.write(std::string(100'000, 'b'), note_error(log, "b"));
      client.write("c", [&] { log.add("c"); });
      log.add("returned");
      loop.nextTick([&] { log.add("tick"); });
      client.end(note_error(log, "end"));
    });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "returned a empty b c tick end");
  CHECK(receiver.heard.size() == 100'002);
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

TEST_CASE("S15.15, S28.29: a write after end() destroys; its callback, those of end, 'error', 'close' in this order") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.once<"ready">([&] {
    client.end("delivered", note_error(log, "end"));
    note(client, log);
    CHECK_FALSE(client.write("late", note_error(log, "write")));
    CHECK(client.destroyed());
    CHECK(log.text().empty());
  });
  run_to_the_end(loop);
  CHECK(log.text() ==
        "write(ERR_STREAM_WRITE_AFTER_END) end(ERR_STREAM_WRITE_AFTER_END) error(write after end) close(true)");
  CHECK(receiver.heard == "delivered");
}

TEST_CASE("S15.16, S15.17: a write after destroy() tells its callback, and no 'error'") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.once<"ready">([&] {
    note(client, log);
    SUBCASE("destroyed") {
      client.destroy();
      CHECK_FALSE(client.write("x", note_error(log, "write")));
      CHECK(log.text().empty());
    }
    SUBCASE("ended and destroyed") {
      client.end();
      client.destroy();
      CHECK_FALSE(client.write("x", note_error(log, "after-end")));
      log.add("prefix");
    }
  });
  run_to_the_end(loop);
  const bool ended = log.has("prefix");
  CHECK(log.text() == (ended ? "prefix after-end(ERR_STREAM_WRITE_AFTER_END) close(false)"
                             : "write(ERR_STREAM_DESTROYED) close(false)"));
}

TEST_CASE("S16.8, S28.30: after the other side ended, and the socket with it, a write is EPIPE in Node's words") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) {
    socket.on<"error">([] {});
    socket.end();
  });
  const net::Socket client = client_of(loop, one.server);
  net::Error told;
  client.on<"error">([&](const net::Error& error) { told = error; });
  client.on<"end">([&] {
    loop.nextTick([&] {
      loop.nextTick([&] {
        note(client, log);
        CHECK_FALSE(client.write("late", note_error(log, "write")));
        CHECK(client.destroyed());
      });
    });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "write(EPIPE) error(This socket has been ended by the other party) close(true)");
  CHECK(told.code() == std::errc::broken_pipe);
  CHECK(told.syscall().empty());
  CHECK(told.number() == 0);
}

TEST_CASE("S15.22, S15.23: cork() holds writes back; uncork() as often sends them, with callbacks in order after it") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.once<"ready">([&] {
    client.cork();
    client.cork();
    CHECK(client.writableCorked() == 2);
    CHECK(client.write("a", note_error(log, "a")));
    CHECK(client.write("b", note_error(log, "b")));
    CHECK(client.writableLength() == 2);
    client.uncork();
    CHECK(client.writableLength() == 2);
    client.uncork();
    CHECK(client.writableLength() == 0);
    client.uncork();  // one too many
    CHECK(client.writableCorked() == 0);
    CHECK(log.text().empty());
    client.end(note_error(log, "end"));
  });
  run_to_the_end(loop);
  CHECK(log.text() == "a b end");
  CHECK(receiver.heard == "ab");
}

TEST_CASE("S15.23: corked writes count as pending, and 'drain' is told after them") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client(loop, {.highWaterMark = 4});
  client.connect(receiver.port(), "127.0.0.1");
  client.once<"ready">([&] {
    client.cork();
    CHECK(client.write("abc"));
    CHECK_FALSE(client.write("d"));
    client.uncork();
  });
  client.on<"drain">([&] {
    log.add("drain");
    client.end();
  });
  run_to_the_end(loop);
  CHECK(log.text() == "drain");
  CHECK(receiver.heard == "abcd");
}

TEST_CASE("S15.24, S15.25: end() uncorks fully, before the connection too") {
  net::Loop loop;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.cork();
  client.cork();
  client.write("kept ");
  client.write("back");
  client.end();
  CHECK(client.writableCorked() == 0);
  run_to_the_end(loop);
  CHECK(receiver.heard == "kept back");
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

TEST_CASE("S1.5: write callbacks that throw do not swallow those behind them") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.once<"ready">([&] {
    for (int i = 0; i < 3; ++i) {
      client.write("x", [&, i] {
        log.add(std::to_string(i));
        throw i;
      });
    }
    client.end([&] {
      log.add("end");
      throw 3;
    });
    client.on<"finish">([&] { log.add("finish"); });
    client.on<"close">([&] { log.add("close"); });
  });
  int thrown = 0;
  while (loop.alive()) {
    REQUIRE(thrown < 100);
    try {
      loop.run();
    } catch (int) {
      ++thrown;
    }
  }
  CHECK(thrown == 4);
  CHECK(log.has("0 1 2"));
  CHECK(log.count("end") == 1);
  CHECK(log.has("close"));
}

TEST_CASE("a write callback may destroy its socket, and those behind it still run once") {
  net::Loop loop;
  Log log;
  Receiver receiver(loop);
  const net::Socket client = client_of(loop, receiver.server);
  client.on<"close">([&] { log.add("close"); });
  client.once<"ready">([&] {
    client.write("a", [&, owned = std::make_unique<int>(1)](const net::Error&) {
      log.add("a");
      client.destroy();
    });
    client.write("b", note_error(log, "b"));
  });
  run_to_the_end(loop);
  CHECK(log.text() == "a b close");
}

TEST_CASE("S32.6, S15.22: corks are counted beyond 65,535, and so are the callbacks of one gathered send") {
  net::Loop loop;
  Ends ends(loop);
  constexpr std::size_t many = 70'000;
  for (std::size_t i = 0; i < many; ++i) ends.client.cork();
  CHECK(ends.client.writableCorked() == many);
  ends.client.write("held");
  for (std::size_t i = 1; i < many; ++i) ends.client.uncork();
  CHECK(ends.client.writableCorked() == 1);
  CHECK(ends.client.writableLength() == 4);
  ends.client.uncork();
  CHECK(ends.client.writableLength() == 0);
  std::size_t told = 0;
  loop.setImmediate([&] {
    for (std::size_t i = 0; i < many; ++i) ends.client.write("", [&] { ++told; });
  });
  run_until(loop, [&] { return told == many; });
  ends.destroy();
}
