#include <net/detail/coro/event_awaiter.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <string>

TEST_CASE("S34.1: an error of a task's socket is thrown by its next wait, and is nobody's after its last one") {
  std::string log;
  const auto serve = [&log](bool waits) {
    return [&log, waits](net::Socket client) -> net::Task<> {
      try {
        if (!waits) client.end("bye");
        if (!waits) co_return;
        while (!client.destroyed()) co_await net::sleep(1);
        co_await net::write(client, "hello");
      } catch (const net::Error& error) {
        log += error.what();
      }
    };
  };
  for (const bool waits : {true, false}) {
    net::Loop loop;
    const net::Server server(loop, {}, serve(waits));
    server.listen(0);
    server.on<"connection">([&](const net::Socket& client) {
      client.resume();
      client.on<"close">([&] { server.close(); });
      loop.setImmediate([client] { client.destroy(net::Error("broken")); });
    });
    const net::Socket client(loop);
    client.connect(server.address()->port, "127.0.0.1");
    client.on<"error">([] {});
    client.resume();
    loop.run();
  }
  CHECK(log == "broken");
}

TEST_CASE("S34.1: what an Acceptor gives and what is connected are a task's own as well") {
  std::string log;
  net::Loop loop;
  const net::Server server(loop);
  server.listen(0);
  net::spawn(loop, [&]() -> net::Task<> {
    net::Acceptor acceptor(server);
    const auto client = co_await acceptor.next();
    client->destroy(net::Error("accepted"));
    co_await net::sleep(1);
    try {
      co_await net::write(*client, "x");
    } catch (const net::Error& error) {
      log += error.what();
    }
    server.close();
  });
  net::spawn(loop, [&]() -> net::Task<> {
    const net::Socket socket = co_await net::connected(server.address()->port, "127.0.0.1");
    socket.destroy(net::Error("connected"));
    co_await net::sleep(1);
    try {
      co_await net::once<"end">(socket);
    } catch (const net::Error& error) {
      log += error.what();
    }
  });
  loop.run();
  CHECK((log == "acceptedconnected" || log == "connectedaccepted"));
}

TEST_CASE("S34.6: an abort of both a connection and the wait for it is one error, which the wait throws") {
  net::Loop loop;
  const net::Server silent(loop);
  silent.listen(0);
  std::string log;
  net::spawn(loop, [&]() -> net::Task<> {
    const net::AbortController controller;
    loop.nextTick([controller] { controller.abort(); });
    try {
      (void)co_await net::connected(
          {.port = silent.address()->port, .host = "127.0.0.1", .signal = controller.signal()},
          {.signal = controller.signal()});
    } catch (const net::Error& error) {
      log += error.name();
    }
    silent.close();
  });
  loop.run();
  CHECK(log == "ABORT_ERR");
}

TEST_CASE("S34.1: a connection that a task waited for by its event is its own too, and needs no 'error' listener") {
  net::Loop loop;
  std::string failed;
  const net::Server server(loop);
  server.listen(0);
  net::spawn(loop, [&]() -> net::Task<> {
    const net::Socket client = co_await net::once<"connection">(server);
    server.close();
    client.destroy(net::Error("between two waits"));
    co_await net::sleep(1);
    try {
      co_await net::write(client, "text");
    } catch (const net::Error& error) {
      failed = error.what();
    }
  });
  const net::Socket socket = net::createConnection(loop, server.address()->port, "127.0.0.1");
  socket.on<"error">([] {});
  loop.run();
  CHECK(failed == "between two waits");
}

namespace {

/// Two tasks that await one and the same wait, and then the first of them again.
template <class Wait, class Come>
std::string awaited_by_two(Wait& wait, const Come& come) {
  std::string said;
  for (const char* who : {"first", "second"}) {
    net::spawn([](Wait& one, std::string name, std::string& log) -> net::Task<> {
      try {
        (void)co_await one;
        log += name + " goes on ";
      } catch (const net::Error& error) {
        log += name + ' ' + std::string(error.name()) + ' ';
      }
    }(wait, who, said));
  }
  come();
  net::run();
  return said;
}

}  // namespace

TEST_CASE("S34: one wait is for one task: another one that awaits it meanwhile gets ERR_INVALID_STATE") {
  const std::string one = "second ERR_INVALID_STATE first goes on ";
  net::Loop loop;
  const auto nothing = [] {};
  auto sleep = net::sleep(1);
  CHECK(awaited_by_two(sleep, nothing) == one);
  const net::Promise<int> promise;
  auto value = promise.wait();
  CHECK(awaited_by_two(value, [&] { promise.resolve(1); }) == one);
  const net::Socket socket(loop);
  socket.resume();
  auto pause = net::once<"pause">(socket);
  CHECK(awaited_by_two(pause, [&] { socket.pause(); }) == one);
  net::TaskGroup group;
  group.spawn([]() -> net::Task<> { co_await net::sleep(1); });
  auto join = group.join();
  CHECK(awaited_by_two(join, nothing) == one);
}

TEST_CASE("S34: a write that was waited for is over, also for who awaits it again") {
  net::Loop loop;
  int times = 0;
  const net::Server server(loop, {}, [](net::Socket client) { client.resume(); });
  server.listen(0);
  net::spawn([&]() -> net::Task<> {
    const net::Socket socket = co_await net::connected(server.address()->port, "127.0.0.1");
    auto written = net::write(socket, std::string(8 << 20, 'x'));
    for (; times < 2; ++times) co_await written;
    socket.end();
    server.close();
  });
  loop.run();
  CHECK(times == 2);
}
