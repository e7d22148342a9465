#include <net/options.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// A server that sends the text to its one client and ends.
net::Server sender(net::Loop& loop, const std::string& text) {
  const net::Server server(loop);
  server.on<"connection">([server, text](net::Socket socket) {
    server.close();
    socket.end(text);
  });
  server.listen(0);
  return server;
}

std::string_view text_of(std::span<std::byte> bytes, std::size_t count) {
  return {reinterpret_cast<const char*>(bytes.data()), count};
}

}  // namespace

TEST_CASE("S25.1, S25.3: bytes are stored in the user's memory, a bufferful at a time, and 'data' does not come") {
  net::Loop loop;
  const net::Server server = sender(loop, "0123456789abc");
  std::array<std::byte, 5> memory{};
  std::string got;
  std::size_t calls = 0;
  const net::OnRead onread{.buffer = memory, .callback = [&](std::size_t count, std::span<std::byte> buffer) {
                             CHECK(buffer.data() == memory.data());
                             CHECK(count <= 5);
                             got += text_of(buffer, count);
                             ++calls;
                             return true;
                           }};
  const net::Socket client =
      net::connect(loop, {.port = server.address()->port, .host = "127.0.0.1", .onread = onread});
  Log log;
  note(client, log);
  client.on<"data">([&] { log.add("data"); });
  run_to_the_end(loop);
  CHECK(got == "0123456789abc");
  CHECK(calls == 3);
  CHECK(client.bytesRead() == 13);
  CHECK_FALSE(client.read().has_value());
  CHECK_FALSE(log.has("data"));
  CHECK(log.has("end prefinish finish close(false)"));
}

TEST_CASE(
    "S25.2, S25.4: a function gives a buffer for the set-up and after every callback: n reads call it n+1 times") {
  net::Loop loop;
  const net::Server server = sender(loop, "0123456789");
  std::array<std::array<std::byte, 4>, 8> memories{};
  std::size_t given = 0, calls = 0;
  std::string got;
  const net::OnRead onread{.allocate = [&] { return std::span<std::byte>(memories[given++]); },
                           .callback =
                               [&](std::size_t count, std::span<std::byte> buffer) {
                                 CHECK(buffer.data() == memories[calls].data());
                                 got += text_of(buffer, count);
                                 ++calls;
                                 return true;
                               }};
  const net::Socket client =
      net::connect(loop, {.port = server.address()->port, .host = "127.0.0.1", .onread = onread});
  run_to_the_end(loop);
  CHECK(got == "0123456789");
  CHECK(given == calls + 1);
}

TEST_CASE("S25.5: false pauses, resume() goes on; while paused nothing is received and the end is not noticed") {
  net::Loop loop;
  const net::Server server = sender(loop, "abcdef");
  std::array<std::byte, 2> memory{};
  std::string got;
  Log log;
  const net::OnRead onread{.buffer = memory, .callback = [&](std::size_t count, std::span<std::byte> buffer) {
                             got += text_of(buffer, count);
                             return false;
                           }};
  const net::Socket client =
      net::connect(loop, {.port = server.address()->port, .host = "127.0.0.1", .onread = onread});
  note(client, log);
  const net::Timer again = loop.setInterval(
      [&] {
        if (!log.has("end")) client.resume();
      },
      2);
  client.on<"close">([&] { again.close(); });
  run_to_the_end(loop);
  CHECK(got == "abcdef");
  CHECK(log.has("end"));
}

TEST_CASE("S25.8: an incomplete onread is ignored") {
  net::Loop loop;
  const net::Server server = sender(loop, "plain");
  const net::OnRead onread{.callback = [](std::size_t, std::span<std::byte>) { return true; }};
  const net::Socket client =
      net::connect(loop, {.port = server.address()->port, .host = "127.0.0.1", .onread = onread});
  std::string got;
  client.on<"data">([&](net::Chunk chunk) { got += chunk.view(); });
  run_to_the_end(loop);
  CHECK(got == "plain");
}

TEST_CASE("S25.4: a descriptor that is wrapped asks for a buffer once, when it is made") {
  for (const bool only_allocate : {true, false}) {
    CAPTURE(only_allocate);
    net::Loop loop;
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    Descriptor peer(pair[1]);
    std::array<std::byte, 4> memory{}, other{};
    std::size_t asked = 0;
    std::string got;
    net::SocketOptions options{.fd = pair[0]};
    if (!only_allocate) options.onread.buffer = other;
    options.onread.allocate = [&] {
      ++asked;
      return std::span<std::byte>(memory);
    };
    options.onread.callback = [&](std::size_t count, std::span<std::byte> buffer) {
      CHECK(buffer.data() == memory.data());
      got += text_of(buffer, count);
      return true;
    };
    Log log;
    const net::Socket socket(loop, options);
    CHECK(asked == 1);
    note(socket, log);
    send_raw(peer, "0123456789");
    run_until(loop, [&] { return got.size() == 10; });
    CHECK(asked == 4);
    CHECK(log.text().empty());
    peer.close();
    run_to_the_end(loop);
    CHECK(got == "0123456789");
    CHECK(log.has("end"));
  }
}

TEST_CASE("S25.2: an empty buffer is not the end but an error, as in Node: read ENOBUFS") {
  struct Case {
    const char* name;
    std::size_t filled;  // buffers before the empty one
    bool by_function;
    bool none_at_all;
  };
  for (const Case& one : {Case{"given", 0, false, false}, Case{"asked for", 0, true, false},
                          Case{"later", 2, true, false}, Case{"nothing was ever given", 0, true, true}}) {
    CAPTURE(std::string(one.name));
    net::Loop loop;
    const net::Server server = sender(loop, "0123456789");
    server.on<"connection">([](const net::Socket& socket) { socket.on<"error">([](const net::Error&) {}); });
    std::array<std::byte, 3> memory{};
    std::size_t calls = 0, got = 0;
    net::OnRead onread;
    if (one.by_function) {
      onread.allocate = [&] {
        if (one.none_at_all) return std::span<std::byte>();
        return std::span<std::byte>(memory).first(calls++ < one.filled ? memory.size() : 0);
      };
    } else {
      onread.buffer = std::span<std::byte>(memory).first(0);
    }
    onread.callback = [&](std::size_t count, std::span<std::byte>) {
      got += count;
      return true;
    };
    const net::Socket client =
        net::connect(loop, {.port = server.address()->port, .host = "127.0.0.1", .onread = onread});
    Log log;
    note(client, log);
    run_to_the_end(loop);
    CHECK(got == one.filled * memory.size());
    CHECK(log.has("error(read ENOBUFS) close(true)"));
    CHECK_FALSE(log.has("end"));
  }
}

TEST_CASE("S25.4: a function that gives no buffer leaves the one before") {
  net::Loop loop;
  const net::Server server = sender(loop, "0123456789");
  std::array<std::byte, 3> memory{};
  std::size_t calls = 0;
  std::string got;
  const net::OnRead onread{
      .allocate = [&] { return calls++ == 0 ? std::span<std::byte>(memory) : std::span<std::byte>(); },
      .callback =
          [&](std::size_t count, std::span<std::byte> buffer) {
            got += text_of(buffer, count);
            return true;
          }};
  const net::Socket client =
      net::connect(loop, {.port = server.address()->port, .host = "127.0.0.1", .onread = onread});
  run_to_the_end(loop);
  CHECK(got == "0123456789");
  CHECK(calls == 5);
}

TEST_CASE("S21.1-S21.3: a blocked address is emitted as an attempt and an error, and nothing is sent") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  const net::BlockList blocked;
  blocked.addAddress("127.0.0.1");
  const net::Socket client(loop);
  Log log;
  note(client, log);
  client.connect({.port = server.address()->port, .host = "127.0.0.1", .blockList = blocked});
  server.on<"connection">([&] { log.add("reached"); });
  client.on<"close">([server] { server.close(); });
  run_to_the_end(loop);
  CHECK(log.text() == "attempt error(IP(127.0.0.1) is blocked by net.BlockList) close(true)");
  CHECK(client.errored().code() == net::Errc::ERR_IP_BLOCKED);
}

TEST_CASE("S21.4: in a race blocked addresses fail without an attempt; all of them are an aggregate") {
  net::Loop loop;
  const net::BlockList blocked;
  blocked.addSubnet("127.0.0.0", 8);
  const net::Lookup two = [](std::string_view, const net::LookupOptions&, const net::LookupCallback& answer) {
    const net::LookupAddress found[] = {{"127.0.0.1", net::Family::IPv4}, {"127.0.0.2", net::Family::IPv4}};
    answer(net::Error(), found);
  };
  const net::Socket client(loop);
  Log log;
  note(client, log);
  client.connect({.port = 1, .host = "two.test", .lookup = two, .autoSelectFamily = true, .blockList = blocked});
  run_to_the_end(loop);
  CHECK(log.text() == "lookup lookup failed failed error() close(true)");
  CHECK(client.errored().name() == "ERR_IP_BLOCKED");
  CHECK(client.errored().errors().size() == 2);
  CHECK(client.autoSelectFamilyAttemptedAddresses().empty());
}

TEST_CASE("S21.6, S21.7: a server turns blocked clients away without a word, by rules that may come later") {
  net::Loop loop;
  const net::BlockList blocked;
  const net::Server server(loop, net::ServerOptions{.blockList = blocked});
  Log log;
  note(server, log);
  server.listen(0);
  const net::Socket first = client_of(loop, server);
  server.once<"connection">([&](net::Socket socket) {
    socket.end();
    blocked.addAddress("127.0.0.1");
    const net::Socket second = client_of(loop, server);
    note(second, log);
    second.on<"close">([server] { server.close(); });
  });
  first.on<"error">([] {});
  run_to_the_end(loop);
  CHECK(log.count("connection") == 1);
  CHECK_FALSE(log.has("drop"));
  CHECK(log.has("connect ready end"));
}
