#include <net/detail/stream/leave.ipp>

#include <doctest/doctest.h>

#include <memory>
#include <net.hpp>
#include <string>
#include <vector>

#include "tests/support/session.hpp"

using namespace tests;

namespace {

/// A client that sends more than anybody reads, hears what it is sent, and ends when the other side has.
struct Client {
  net::Socket socket;
  std::string heard;
  bool closed = false;

  Client(net::Loop& loop, int port, std::string more) : socket(loop) {
    socket.on<"error">([] {});
    socket.on<"data">([this](net::Chunk chunk) { heard += chunk; });
    socket.on<"close">([this] { closed = true; });
    socket.connect(port, "127.0.0.1", [this, more] { socket.write("quit\n" + more); });
  }
};

}  // namespace

TEST_CASE("S34.5: a task that ends its side while its client still sends leaves nothing open, and loses no answer") {
  net::Loop loop;
  std::size_t closed = 0;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    client.on<"close">([&] { ++closed; });
    net::Reader reader(client);
    (void)co_await reader.readLine(100);
    client.end("bye");
  });
  server.listen(0);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<Client>(loop, server.address()->port, std::string(200'000, 'x')));
  }
  run_until(loop, [&] {
    for (const auto& client : clients) {
      if (!client->closed) return false;
    }
    return closed == clients.size();
  });
  for (const auto& client : clients) CHECK(client->heard == "bye");
  server.close();
  loop.run();
}

TEST_CASE(
    "S34.5: 'close' comes to a task that has ended its side while its reader, which it asks no more, still lives") {
  net::Loop loop;
  std::size_t closed = 0;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    net::Reader reader(client);
    (void)co_await reader.readLine(100);
    client.end("bye");
    co_await net::once<"close">(client);
    ++closed;
    std::string more;
    while (const auto chunk = co_await reader.next()) more += *chunk;
    CHECK(more == std::string(200'000, 'x'));
  });
  server.listen(0);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(loop, server.address()->port, std::string(200'000, 'x')));
  }
  run_until(loop, [&] { return closed == clients.size(); });
  for (const auto& client : clients) CHECK(client->heard == "bye");
  server.close();
  loop.run();
}

TEST_CASE("S34.5: a task that waits for 'close' with a reader that it does not ask waits no longer than `lingering`") {
  net::Loop loop;
  bool destroyed = false;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    net::Reader reader(client, {.lingering = 20});
    (void)co_await reader.readLine(100);
    client.end("bye");
    co_await net::once<"close">(client);
    destroyed = true;
  });
  server.listen(0);
  net::Socket client(loop, {.allowHalfOpen = true});
  client.on<"error">([] {});
  client.connect(server.address()->port, "127.0.0.1", [client] { client.write("quit\n"); });
  client.resume();
  run_until(loop, [&] { return destroyed; });
  client.destroy();
  server.close();
  loop.run();
}

TEST_CASE("S34.5: a task that waits for 'close' takes nothing from another one that reads on") {
  net::Loop loop;
  std::string read;
  bool closed = false, read_all = false;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    net::Reader reader(client);
    (void)co_await reader.readLine(100);
    client.end("bye");
    net::spawn(loop, [](net::Socket watched, bool& is_closed) -> net::Task<> {
      co_await net::once<"close">(watched);
      is_closed = true;
    }(client, closed));
    while (const auto chunk = co_await reader.next()) {
      read += *chunk;
      co_await net::sleep(1);
    }
    read_all = true;
  });
  server.listen(0);
  const Client client(loop, server.address()->port, std::string(3'000'000, 'x'));
  run_until(loop, [&] { return closed && client.closed && read_all; });
  CHECK(read == std::string(3'000'000, 'x'));
  server.close();
  loop.run();
}

TEST_CASE("S34.5: a reader that is asked again is given all the time it needs, and no time runs on when it has gone") {
  net::Loop loop;
  std::string read;
  net::Socket accepted(loop);
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    accepted = client;
    net::Reader reader(client, {.lingering = 20});
    (void)co_await reader.readLine(100);
    client.end("bye");
    for (int i = 0; i < 2; ++i) {
      try {
        co_await net::once<"close">(client, {.timeout = 1});
      } catch (const net::Error&) {}
    }
    while (const auto chunk = co_await reader.next()) read += *chunk;
  });
  server.listen(0);
  net::Socket client(loop, {.allowHalfOpen = true});
  client.connect(server.address()->port, "127.0.0.1", [client] { client.write("quit\n"); });
  client.once<"end">([&] { loop.setTimeout([&] { client.end("late"); }, 100); });
  client.resume();
  run_until(loop, [&] { return client.destroyed() && accepted.destroyed(); });
  CHECK(read == "late");
  server.close();
  accepted = client;
  bool over = false;  // longer than any of the times, with the socket freed
  loop.setTimeout([&] { over = true; }, 100);
  run_until(loop, [&] { return over; });
}

TEST_CASE("S34.5: an error of what was piped to by a task that has ended does not leave run(), as any other one") {
  net::Loop loop;
  const net::Socket source(loop);
  Log log;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    client.on<"close">([&](bool failed) { log.add(failed ? "failed" : "closed"); });
    net::Reader reader(client);
    (void)co_await reader.readLine(100);
    source.pipe(client);
    const auto heard = client.addListener<"error">([&] { log.add("error"); });
    loop.setImmediate([heard, client] { client.off(heard), client.destroy(net::Error("broken")); });
  });
  server.listen(0);
  Client client(loop, server.address()->port, "");
  run_until(loop, [&] { return client.closed; });
  CHECK(log.text() == "failed");
  source.destroy();
  server.close();
  loop.run();
}

TEST_CASE("S34.5: what comes after the end of this side is thrown away only for so long, and then it is destroyed") {
  net::Loop loop;
  bool closed = false;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    client.on<"close">([&] { closed = true; });
    net::Reader reader(client, {.lingering = 20});
    (void)co_await reader.readLine(100);
    client.end("bye");
  });
  server.listen(0);
  net::SocketOptions half_open;
  half_open.allowHalfOpen = true;
  const net::Socket client(loop, half_open);
  client.on<"error">([] {});
  client.connect(server.address()->port, "127.0.0.1", [client] { client.write("quit\n"); });
  client.resume();
  run_until(loop, [&] { return closed; });
  client.destroy();
  server.close();
  loop.run();
}

TEST_CASE("S34.5: no more than 16 MiB are thrown away, whatever is said of its idle time meanwhile") {
  bool clears = false;
  SUBCASE("nothing") {}
  SUBCASE("that there is none") { clears = true; }
  net::Loop loop;
  bool closed = false;
  std::uint64_t read = 0;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    client.on<"close">([&read, &closed](const net::Socket& self, bool) {
      closed = true;
      read = self.bytesRead();
    });
    net::Reader reader(client);
    (void)co_await reader.readLine(100);
    client.end("bye");
    if (clears) loop.setTimeout([client] { client.setTimeout(0); }, 1);
  });
  server.listen(0);
  net::SocketOptions half_open;
  half_open.allowHalfOpen = true;
  const net::Socket client(loop, half_open);
  client.on<"error">([] {});
  const std::string block(1 << 20, 'x');
  const auto send = [&](const net::Socket& self) {
    while (!closed && !self.destroyed() && self.write(block)) {}
  };
  client.on<"drain">(send);
  client.connect(server.address()->port, "127.0.0.1", [&] {
    client.write("quit\n");
    send(client);
  });
  client.resume();
  run_until(loop, [&] { return closed; });
  CHECK(read > (16 << 20));
  CHECK(read < (20 << 20));
  client.destroy();
  server.close();
  loop.run();
}

TEST_CASE("S34.5: a socket whose reader and last handle have gone is destroyed, if its side has not ended") {
  net::Loop loop;
  bool closed = false;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    client.on<"close">([&] { closed = true; });
    net::Reader reader(client);
    (void)co_await reader.readLine(100);
  });
  server.listen(0);
  Client client(loop, server.address()->port, "more");
  run_until(loop, [&] { return closed && client.closed; });
  server.close();
  loop.run();
}

TEST_CASE("S34.5: who still has a handle may go on: answer, end, read with another reader or a listener") {
  net::Loop loop;
  std::string got;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    {
      net::Reader reader(client);
      got += (co_await reader.readLine(100)).value() + ";";
    }
    co_await net::sleep(5);
    {
      net::Reader reader(client);
      got += (co_await reader.readLine(100)).value() + ";";
    }
    client.on<"data">([&](net::Chunk chunk) { got += chunk; });
    co_await net::once<"end">(client);
    client.end("bye");
  });
  server.listen(0);
  Client client(loop, server.address()->port, "second\nthird");
  client.socket.on<"ready">([&client] { client.socket.end(); });
  run_until(loop, [&] { return client.closed; });
  CHECK(got == "quit;second;third");
  CHECK(client.heard == "bye");
  server.close();
  loop.run();
}

TEST_CASE("S34.5: a socket that was left and is ended later throws away what comes from then on") {
  net::Loop loop;
  bool closed = false;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    client.on<"close">([&] { closed = true; });
    {
      net::Reader reader(client);
      (void)co_await reader.readLine(100);
    }
    co_await net::sleep(5);
    client.end("later");
  });
  server.listen(0);
  Client client(loop, server.address()->port, std::string(500'000, 'x'));
  run_until(loop, [&] { return client.closed && closed; });
  CHECK(client.heard == "later");
  server.close();
  loop.run();
}
