#include "tests/support/failing_machine.hpp"

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;
using net::detail::Orders;

namespace {

constexpr std::size_t always = ~std::size_t{0};

/// Orders that end with the test, whatever becomes of it.
struct Ordered {
  Ordered() { Orders::now() = {}; }
  Ordered(const Ordered&) = delete;
  Ordered& operator=(const Ordered&) = delete;
  ~Ordered() { Orders::now() = {}; }
  Orders* operator->() const { return &Orders::now(); }
};

struct Served {
  explicit Served(net::Loop& loop) : server(loop) {
    note(server, log);
    server.on<"connection">([](const net::Socket& socket) {
      socket.on<"error">([] {});
      socket.end("served");
    });
    server.listen(0);
    run_until(loop, [this] { return log.has("listening"); });
    log.clear();
  }
  int port() const { return server.address()->port; }
  net::Server server;
  Log log;
};

bool was_served(const Descriptor& client) {
  char bytes[16];
  return ::recv(client.get(), bytes, sizeof bytes, MSG_DONTWAIT) == 6;
}

}  // namespace

TEST_CASE(
    "S32.1: a server that is out of descriptors and has no reserve emits one error, does not spin, and serves later") {
  for (const int number : {EMFILE, ENFILE}) {
    net::Loop loop;
    const Ordered orders;
    Served served(loop);
    orders->accept = {number, always};
    orders->reserve = false;
    Descriptor client = connect_raw(served.port());
    const std::size_t before = orders->waits;
    run_until(loop, [&] { return orders->accept.calls >= 4; });
    // a try costs two turns at most: its timer's, and one in which the poller learns of it
    CHECK(orders->waits - before <= 2 * orders->accept.calls);
    CHECK(served.log.text() == (number == EMFILE ? "error(accept EMFILE)" : "error(accept ENFILE)"));
    orders->accept = {};
    run_until(loop, [&] { return was_served(client); });
    CHECK(served.log.text().ends_with("connection"));
    // still without a reserve: it is the same shortage
    orders->accept = {number, always};
    Descriptor other = connect_raw(served.port());
    run_until(loop, [&] { return orders->accept.calls >= 2; });
    CHECK(served.log.count("error") == 1);
    // a reserve again: the next shortage is another one
    orders->accept = {};
    orders->reserve = true;
    run_until(loop, [&] { return was_served(other); });
    orders->accept = {number, 1};
    Descriptor third = connect_raw(served.port());
    run_until(loop, [&] { return was_served(third); });
    CHECK(served.log.count("error") == 2);
    served.server.close();
    client.close(), other.close(), third.close();
    run_to_the_end(loop);
  }
}

TEST_CASE("S32.1: what the library closes on the same thread makes a server try again at once") {
  net::Loop loop;
  const Ordered orders;
  Served one(loop), other(loop);
  std::optional<net::Socket> held;
  one.server.once<"connection">([&](const net::Socket& socket) { held = socket; });
  Descriptor first = connect_raw(one.port());
  run_until(loop, [&] { return held.has_value(); });
  orders->accept = {EMFILE, always};
  orders->reserve = false;
  Descriptor waits = connect_raw(one.port()), waits_too = connect_raw(other.port());
  // until the waits are long
  run_until(loop, [&] { return orders->accept.calls >= 26; });
  const std::size_t tried = orders->accept.calls;
  orders->accept.times = 0;
  held->destroy();
  CHECK(orders->accept.calls == tried);  // not inside the call
  loop.runOnce(0);
  loop.runOnce(0);
  CHECK(orders->accept.calls >= tried + 2);
  run_until(loop, [&] { return was_served(waits) && was_served(waits_too); });
  CHECK(one.log.count("error") == 1);
  CHECK(other.log.count("error") == 1);
  one.server.close();
  other.server.close();
  first.close(), waits.close(), waits_too.close();
  run_to_the_end(loop);
}

TEST_CASE("S32.1: a server that is closed or unref'd during a shortage keeps no loop alive") {
  for (const bool closes : {true, false}) {
    net::Loop loop;
    const Ordered orders;
    Served served(loop);
    orders->accept = {EMFILE, always};
    Descriptor client = connect_raw(served.port());
    served.server.on<"error">([&] { closes ? served.server.close() : served.server.unref(); });
    run_to_the_end(loop);
    CHECK(served.log.text() == (closes ? "error(accept EMFILE) close" : "error(accept EMFILE)"));
    CHECK(orders->accept.calls == 1);
    if (!closes) continue;
    orders->accept = {};
    served.server.listen(0);  // its listeners are gone after 'close'
    const Descriptor again = connect_raw(served.port());
    served.server.once<"connection">([&](const net::Socket& socket) { socket.destroy(), served.server.close(); });
    run_to_the_end(loop);
  }
}

TEST_CASE("S32.1: without an 'error' listener a shortage leaves run() as an exception, once") {
  net::Loop loop;
  const Ordered orders;
  const net::Server server(loop);
  int connections = 0;
  server.on<"connection">([&](const net::Socket& socket) { ++connections, socket.destroy(), server.close(); });
  server.listen(0);
  orders->accept = {EMFILE, 3};
  Descriptor client = connect_raw(server.address()->port);
  CHECK(std::string(error_of([&] { loop.run(); }).what()) == "accept EMFILE");
  run_to_the_end(loop);
  CHECK(connections == 1);
}

TEST_CASE("S32.2: accepting waits while the system has no memory, without a word") {
  for (const int number : {ENOBUFS, ENOMEM}) {
    net::Loop loop;
    const Ordered orders;
    Served served(loop);
    orders->accept = {number, 4};
    Descriptor client = connect_raw(served.port());
    const std::size_t before = orders->waits;
    run_until(loop, [&] { return was_served(client); });
    CHECK(orders->waits - before <= 14);
    CHECK(served.log.text() == "connection");
    served.server.close();
    client.close();
    run_to_the_end(loop);
  }
}

TEST_CASE("S32.2: what could not be sent for want of memory is sent later, in order, and nothing spins") {
  for (const int number : {ENOBUFS, ENOMEM}) {
    for (const bool large : {false, true}) {
      net::Loop loop;
      const Ordered orders;
      Log log;
      std::string heard;
      const OneConnection server(loop);
      server.server.on<"connection">(
          [&](const net::Socket& socket) { socket.on<"data">([&](net::Chunk chunk) { heard += chunk.view(); }); });
      const net::Socket client = client_of(loop, server.server);
      note(client, log);
      std::string expected;
      std::size_t before = 0;
      client.once<"connect">([&] {
        orders->send = {number, 6};
        before = orders->waits;
        for (int i = 0; i < 3; ++i) {
          const std::string piece(large ? 100'000u : 100u, static_cast<char>('a' + i));
          expected += piece;
          client.write(piece, [&log](const net::Error& error) { log.add(error ? "lost" : "written"); });
        }
        client.end();
      });
      client.once<"finish">([&] { CHECK(orders->waits - before <= 40); });
      run_to_the_end(loop);
      CHECK(heard == expected);
      CHECK(log.count("written") == 3);
      CHECK(log.text().ends_with("close(false)"));
      CHECK_FALSE(log.has("error"));
    }
  }
}

TEST_CASE("S32.2: reading waits while the system has no memory, and loses nothing") {
  for (const int number : {ENOBUFS, ENOMEM}) {
    for (const bool own_buffer : {false, true}) {
      net::Loop loop;
      const Ordered orders;
      Log log;
      std::string heard;
      const Sender sender(loop, "some text");
      net::SocketOptions options;
      std::byte bytes[4];
      if (own_buffer) {
        options.onread = {.buffer = bytes, .callback = [&](std::size_t size, std::span<std::byte> in) {
                            heard.append(reinterpret_cast<const char*>(in.data()), size);
                            return true;
                          }};
      }
      const net::Socket client(loop, options);
      note(client, log);
      client.on<"data">([&](net::Chunk chunk) { heard += chunk.view(); });
      client.connect(sender.port(), "127.0.0.1");
      client.once<"connect">([&] { orders->receive = {number, 5}; });
      const std::size_t before = orders->waits;
      run_to_the_end(loop);
      CHECK(orders->waits - before <= 40);
      CHECK(heard == "some text");
      CHECK_FALSE(log.has("error"));
      CHECK(log.text().ends_with("close(false)"));
    }
  }
}

TEST_CASE("S32.2: a socket that waits for memory may be destroyed, dropped or connected anew") {
  net::Loop loop;
  const Ordered orders;
  const net::Server server(loop);
  server.listen(0);
  server.on<"connection">([](const net::Socket& socket) { socket.resume(); });
  net::Socket client(loop, {.reusable = true});
  client.connect(server.address()->port, "127.0.0.1");
  int rounds = 0;
  client.on<"connect">([&] {
    orders->send = {ENOBUFS, 3};
    client.write("x");
    net::setTimeout([&] { client.destroy(); }, 5);
  });
  client.on<"close">([&] {
    if (++rounds == 3) return server.close(), void();
    client.connect(server.address()->port, "127.0.0.1");
  });
  run_to_the_end(loop);
  CHECK(rounds == 3);
}

TEST_CASE("S32.4: a server whose descriptor cannot be watched emits 'error', leaves no file, and can listen again") {
  const std::string path = "/tmp/net_shortages_" + std::to_string(::getpid());
  for (const bool by_path : {false, true}) {
    CAPTURE(by_path);
    net::Loop loop;
    const Ordered orders;
    net::Server server(loop);
    Log log;
    note(server, log);
    const auto listen = [&] { by_path ? server.listen(path) : server.listen(0, "127.0.0.1"); };
    orders->watch = {ENOSPC, 1};
    listen();
    loop.run();
    CHECK(log.text() == "error(listen ENOSPC: no space left on device " + (by_path ? path : "127.0.0.1") + ")");
    CHECK_FALSE(server.listening());
    CHECK(::access(path.c_str(), F_OK) != 0);
    log.clear();
    listen();
    run_until(loop, [&] { return log.has("listening"); });
    server.close();
    loop.run();
    CHECK(log.text() == "listening close");
    CHECK(::access(path.c_str(), F_OK) != 0);
  }
}

TEST_CASE("S22.5, S32.4: listen({fd}) that fails, because it cannot be watched too, leaves the descriptor open") {
  net::Loop loop;
  const Ordered orders;
  const Descriptor fd(::socket(AF_INET, SOCK_STREAM, 0));
  const net::Server server(loop);
  Log log;
  note(server, log);
  orders->watch = {ENOSPC, 1};
  server.listen({.fd = fd.get()});
  loop.run();
  CHECK(log.text() == "error(listen ENOSPC: no space left on device)");
  CHECK_FALSE(server.listening());
  REQUIRE(::fcntl(fd.get(), F_GETFD) >= 0);
  server.listen({.fd = ::dup(fd.get())});
  CHECK(server.listening());
  run_until(loop, [&] { return log.has("listening"); });
  server.close();
  loop.run();
}

TEST_CASE("S32.4: a loop that cannot wait any more leaves run() as an exception, and does not turn for ever") {
  net::Loop loop;
  const Ordered orders;
  if (loop.backendHandle() < 0) return;
  net::Timer timer = loop.setTimeout([] {}, 60000);
  // somebody mistook its descriptor for one of their own
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(::dup2(null.get(), loop.backendHandle()) >= 0);
  std::string said;
  try {
    loop.runOnce(1000);
  } catch (const net::Error& error) {
    said = error.what();
  }
  CHECK_MESSAGE((said == "epoll_wait EINVAL" || said == "kevent EBADF"), said);
  timer.close();
  CHECK_FALSE(loop.alive());
}

#endif
