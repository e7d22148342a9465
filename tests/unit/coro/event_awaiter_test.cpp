#include <net/detail/coro/event_awaiter.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <net/reader.hpp>
#include <net/task.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tasks.hpp"

using tests::run_task;

namespace {

template <net::fixed_string Name, class Emitting>
using Awaited = decltype(std::declval<net::detail::EventAwaiter<Name, Emitting>&>().await_resume());

static_assert(std::is_void_v<Awaited<"connect", net::Socket>> && std::is_void_v<Awaited<"close", net::Server>>);
static_assert(std::is_same_v<Awaited<"close", net::Socket>, bool> &&
              std::is_same_v<Awaited<"connection", net::Server>, net::Socket>);
static_assert(std::is_same_v<Awaited<"error", net::Socket>, net::Error>,
              "a value of its own: nothing that a listener was given lives on");
static_assert(std::is_same_v<Awaited<"connectionAttempt", net::Socket>,
                             net::detail::EventArguments<std::string_view, int, net::Family>>);

}  // namespace

// A lower bound: it says what a sleep is for, and a busy machine only makes it longer.
TEST_CASE("sleep waits at least as long as it says") {
  net::Loop loop;
  const auto before = std::chrono::steady_clock::now();
  run_task(loop, []() -> net::Task<> { co_await net::sleep(std::chrono::milliseconds(20)); });
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(19));
}

TEST_CASE("once gives what the listeners of an event get") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  std::string address;
  bool had_error = true;
  run_task(loop, [&]() -> net::Task<> {
    net::Socket client;
    client.connect(one.port(), "127.0.0.1");
    auto [ip, port, family] = co_await net::once<"connectionAttempt">(client);
    address = ip;
    CHECK(port == one.port());
    CHECK(family == net::Family::IPv4);
    net::Socket accepted = co_await net::once<"connection">(one.server);
    client.end("x");
    accepted.resume();
    accepted.end();
    had_error = co_await net::once<"close">(client);
  });
  CHECK(address == "127.0.0.1");
  CHECK_FALSE(had_error);
}

TEST_CASE("once throws the error if 'error' comes first, and gives it if it was asked for") {
  net::Loop loop;
  const tests::ClosedPort nobody;
  std::string thrown, given;
  run_task(loop, [&]() -> net::Task<> {
    const net::Socket first, second;
    first.connect(nobody.number(), "127.0.0.1");
    try {
      co_await net::once<"connect">(first);
    } catch (const net::Error& error) {
      thrown = error.name();
    }
    second.connect(nobody.number(), "127.0.0.1");
    const net::Error error = co_await net::once<"error">(second);
    given = error.name();
  });
  CHECK(thrown == "ECONNREFUSED");
  CHECK(given == "ECONNREFUSED");
}

TEST_CASE("nobody waits for a socket that was closed: not during the wait, and not after it") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  std::string during, after, closing;
  run_task(loop, [&]() -> net::Task<> {
    const net::Socket client = co_await net::connected(one.port(), "127.0.0.1");
    loop.setTimeout([client] { client.destroy(); }, 1);
    try {
      co_await net::once<"drain">(client);
    } catch (const net::Error& error) {
      during = error.name();
    }
    if (!net::detail::Access::state(client).closed()) co_await net::once<"close">(client);
    try {
      co_await net::once<"drain">(client);
    } catch (const net::Error& error) {
      after = error.name();
    }
    CHECK_FALSE(co_await net::once<"close">(client));
    try {
      co_await net::write(client, "late");
    } catch (const net::Error& error) {
      closing = error.name();
    }
  });
  CHECK(during == "ERR_SOCKET_CLOSED");
  CHECK(after == "ERR_SOCKET_CLOSED");
  CHECK(closing == "ERR_STREAM_DESTROYED");
}

TEST_CASE("a listening server that fails throws at whoever waits for it") {
  net::Loop loop;
  const net::Server holder(loop), second(loop);
  holder.listen(0, "127.0.0.1");
  std::string name;
  run_task(loop, [&]() -> net::Task<> {
    co_await net::once<"listening">(holder);
    second.listen(holder.address()->port, "127.0.0.1");
    try {
      co_await net::once<"listening">(second);
    } catch (const net::Error& error) {
      name = error.name();
    }
    holder.close();
    co_await net::once<"close">(holder);
  });
  CHECK(name == "EADDRINUSE");
}

TEST_CASE("connected gives a socket, by options, by port, by host") {
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  run_task(loop, [&]() -> net::Task<> {
    co_await net::once<"listening">(server);
    const int port = server.address()->port;
    net::ConnectOptions options;
    options.port = port;
    options.host = "127.0.0.1";
    const net::Socket a = co_await net::connected(options);
    auto begun = net::connected({.port = port, .host = "127.0.0.1", .noDelay = true});
    const net::Socket b = co_await begun;
    const net::Socket c = co_await net::connected(loop, options);
    const net::Socket d = co_await net::connected(port, "127.0.0.1");
    for (const net::Socket& socket : {a, b, c, d}) {
      CHECK(socket.remotePort() == port);
      socket.destroy();
    }
    server.close();
  });
}

TEST_CASE("connected throws what the connection failed with, and wrong use at once") {
  net::Loop loop;
  const tests::ClosedPort nobody;
  std::string refused, wrong;
  run_task(loop, [&]() -> net::Task<> {
    try {
      co_await net::connected(nobody.number(), "127.0.0.1");
    } catch (const net::Error& error) {
      refused = error.what();
    }
    try {
      co_await net::connected(70000);
    } catch (const net::Error& error) {
      wrong = error.name();
    }
  });
  CHECK(refused == "connect ECONNREFUSED 127.0.0.1:" + std::to_string(nobody.number()));
  CHECK(wrong == "ERR_SOCKET_BAD_PORT");
}

TEST_CASE("an abort during an await is one clear error") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  const net::AbortController controller;
  std::string name;
  run_task(loop, [&]() -> net::Task<> {
    net::ConnectOptions options;
    options.port = one.port();
    options.host = "127.0.0.1";
    options.signal = controller.signal();
    const net::Socket client = co_await net::connected(options);
    net::Reader reader(client);
    loop.setTimeout([&] { controller.abort(); }, 1);
    try {
      co_await reader.next();
    } catch (const net::Error& error) {
      name = error.kind();
    }
  });
  CHECK(name == "AbortError");
}

TEST_CASE("a timeout during an await is the error that the socket is destroyed with") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  std::string what;
  run_task(loop, [&]() -> net::Task<> {
    const net::Socket client = co_await net::connected(one.port(), "127.0.0.1");
    client.setTimeout(5, [](const net::Socket& self) { self.destroy(net::Error("too slow")); });
    net::Reader reader(client);
    try {
      co_await reader.next();
    } catch (const net::Error& error) {
      what = error.what();
    }
  });
  CHECK(what == "too slow");
}

TEST_CASE("write comes back when there is space: at once, with 'drain', or never into a closed socket") {
  net::Loop loop;
  const tests::OneConnection one(loop);
  const std::string large(8 << 20, 'x');
  bool waited = false;
  std::size_t received = 0;
  one.server.on<"connection">([&](const net::Socket& accepted) {
    accepted.pause();
    loop.setTimeout([accepted] { accepted.resume(); }, 5);
    accepted.on<"data">([&](net::Chunk chunk) { received += chunk.size(); });
  });
  run_task(loop, [&]() -> net::Task<> {
    const net::Socket client = co_await net::connected(one.port(), "127.0.0.1");
    co_await net::write(client, "small");
    CHECK(client.writableLength() == 0);
    auto watching = [](net::Socket socket, bool& flag) -> net::Task<> {
      co_await net::once<"drain">(socket);
      flag = true;
    };
    net::spawn(watching(client, waited));
    co_await net::write(client, large);
    CHECK(client.writableLength() == 0);
    client.end();
  });
  CHECK(waited);
  CHECK(received == large.size() + 5);
}

TEST_CASE("a task that waits for space goes on when the socket is ended or fails meanwhile") {
  net::Loop loop;
  const net::Server server(loop, {.allowHalfOpen = true});
  server.listen(0);
  const std::string large(8 << 20, 'x');
  std::optional<net::Socket> accepted;
  server.on<"connection">([&](const net::Socket& socket) { accepted = socket; });
  std::string name;
  run_task(loop, [&]() -> net::Task<> {
    const int port = server.address()->port;
    auto connecting = net::connected({.port = port, .host = "127.0.0.1", .allowHalfOpen = true});
    const net::Socket ends = co_await connecting;
    if (!accepted) co_await net::once<"connection">(server);
    accepted->resume();
    loop.setTimeout([ends] { ends.end(); }, 1);
    co_await net::write(ends, large);  // its 'drain' is emitted, or 'finish' instead
    ends.destroy();
    accepted->destroy();
    accepted.reset();
    const net::Socket fails = co_await net::connected(port, "127.0.0.1");
    if (!accepted) co_await net::once<"connection">(server);
    accepted->pause();
    loop.setTimeout([&] { accepted->resetAndDestroy(); }, 1);
    try {
      co_await net::write(fails, large);
    } catch (const net::Error& error) {
      name = error.name();
    }
    server.close();
  });
  CHECK((name == "ECONNRESET" || name == "EPIPE"));
}
