#include <net.hpp>

#include <doctest/doctest.h>

#include <new>
#include <optional>
#include <string>

#include "tests/support/no_memory.hpp"
#include "tests/support/session.hpp"

using namespace tests;

namespace {

std::string echo_over_tcp() {
  Program program;
  const net::Server server(program.loop);
  server.on<"error">([] {});
  server.on<"connection">([&](const net::Socket& socket) {
    program.opened(socket);
    socket.setTimeout(10'000);
    socket.on<"data">([socket](net::Chunk chunk) { socket.write(chunk); });
  });
  insist([&] { server.listen(0); });
  const int port = insist([&] { return server.address()->port; });
  std::string large(300'000, 'x');
  for (int i = 0; i < 4; ++i) {
    net::Socket client = insist([&] { return net::Socket(program.loop); });
    insist([&] { program.opened(client); });
    if (client.destroyed()) continue;
    try {
      client.on<"data">([&, got = std::size_t{0}, client](net::Chunk chunk) mutable {
        got += chunk.size();
        if (got >= 5) client.end();
      });
      client.on<"connect">([&, i, client] {
        client.write("small", [] {});
        client.write(i == 3 ? large : std::string("another"), [](const net::Error&) {});
      });
    } catch (const std::bad_alloc&) {
      insist([&] { client.destroy(); });
      continue;
    }
    insist([&] { client.connect(port, "127.0.0.1"); });
    if (i == 2) {
      program.until([&] { return client.destroyed() || !client.connecting(); });
      insist([&] { client.write("more"); });
      insist([&] { client.pause(); });
      insist([&] { client.resume(); });
    }
    if (i == 1) {
      program.until([&] { return client.destroyed() || client.bytesRead() > 0; });
      insist([&] { client.destroy(net::Error("enough")); });
    }
  }
  // those whose listeners could not be added wait for ever
  program.until([&] {
    for (const auto& socket : program.sockets) {
      if (!socket.destroyed() && socket.readableEnded()) insist([&] { socket.destroy(); });
    }
    return program.all_closed();
  });
  bool server_closed = false;
  insist([&] { server.on<"close">([&] { server_closed = true; }); });
  insist([&] { server.close(); });
  program.until([&] { return server_closed; });
  program.finish();
  return program.wrong;
}

/// Clients talk to a server through a proxy, which looks its other side up; beside that timers and a worker pool.
std::string proxy() {
  Program program;
  net::Loop& loop = program.loop;
  const net::Server server(loop), between(loop);
  server.on<"error">([] {});
  bool not_found = false;
  between.on<"error">([&] { not_found = true; });
  server.on<"connection">([&](const net::Socket& socket) {
    program.opened(socket);
    socket.on<"data">([socket](net::Chunk chunk) { socket.write(std::string("echo ") + chunk.toString()); });
  });
  insist([&] { server.listen(0); });
  const int port = insist([&] { return server.address()->port; });
  between.on<"connection">([&](const net::Socket& near) {
    program.opened(near);
    near.setTimeout(5000, [near] { near.destroy(); });
    const net::Socket far(loop);
    program.opened(far);
    try {
      near.on<"close">([far] { insist([&] { far.destroy(); }); });
      far.on<"close">([near] { insist([&] { near.destroy(); }); });
      far.connect(port, "localhost");
      near.pipe(far);
      far.pipe(near);
    } catch (const std::bad_alloc&) {
      insist([&] { far.destroy(); });
      throw;  // the loop destroys the near one
    }
  });
  insist([&] { between.listen(0, "localhost"); });
  int ticks = 0;
  const net::Timer interval = insist([&] { return loop.setInterval([&] { ++ticks; }, 1); });
  program.until([&] {
    // the answer of the lookup found no memory, in its thread or here
    if (not_found || (ticks > 1000 && !between.listening())) {
      not_found = false, ticks = 0;
      insist([&] { between.listen(0, "127.0.0.1"); });
    }
    return between.listening();
  });
  const int near_port = insist([&] { return between.address()->port; });
  int results = 0, failures = 0;
  {
    net::WorkerPool pool(2);
    for (int i = 0; i < 2; ++i) {
      try {
        insist([&] {
          return pool.exec([i] { return std::string(100, static_cast<char>('a' + i)); });
        }).then([&](std::string) { ++results; }, [&](const net::Error&) { ++failures; });
      } catch (const std::bad_alloc&) {}
    }
    for (int i = 0; i < 2; ++i) {
      const net::Socket client = insist([&] { return net::Socket(loop); });
      try {
        program.opened(client);
        client.on<"data">([client](net::Chunk) { client.end(); });
        client.on<"connect">([client] { client.write("text"); });
        client.connect(near_port, "127.0.0.1");
      } catch (const std::bad_alloc&) {
        insist([&] { client.destroy(); });
      }
    }
    program.until([&] { return program.all_closed(); });
  }
  // a call that ended in the proxy's listener may leave the far side alone
  bool closed = false, also_closed = false;
  insist([&] { server.on<"close">([&] { closed = true; }); });
  insist([&] { between.on<"close">([&] { also_closed = true; }); });
  insist([&] { server.close(); });
  insist([&] { between.close(); });
  interval.close();
  program.until([&] { return closed && also_closed; });
  program.finish();
  return program.wrong;
}

net::Task<> echo_lines(net::Socket socket) {
  try {
    net::Reader reader(socket);
    while (auto line = co_await reader.readLine(1000)) {
      std::string answer(*line);
      co_await net::write(socket, answer + "\n");
    }
    socket.end();
  } catch (...) {
    insist([&] { socket.destroy(); });
  }
}

net::Task<> accept_some(const net::Server server, Program& program, int& ended) {
  std::optional<net::Acceptor> made;
  insist([&] { made.emplace(server); });
  net::Acceptor& acceptor = *made;
  while (auto socket = co_await acceptor.next()) {
    try {
      program.opened(*socket);
      net::spawn(program.loop, echo_lines(*socket));
    } catch (const std::bad_alloc&) {
      insist([&] { socket->destroy(); });
    }
  }
  ++ended;
}

net::Task<> ask(Program& program, int port, int& ended) {
  try {
    auto connecting = net::connected(port, "127.0.0.1");
    const net::Socket socket = co_await connecting;
    program.opened(socket);
    net::Reader reader(socket);
    co_await net::write(socket, std::string("one\ntwo\n"));
    co_await net::sleep(1);
    for (int i = 0; i < 2; ++i) {
      if (!co_await reader.readLine(1000)) break;
    }
    socket.end();
  } catch (...) {}
  ++ended;
}

/// The same with tasks, and a client that is called off.
std::string coroutines() {
  Program program;
  net::Loop& loop = program.loop;
  const net::Server server(loop);
  server.on<"error">([] {});
  insist([&] { server.listen(0); });
  const int port = insist([&] { return server.address()->port; });
  int accepting = 0, asked = 0, asking = 0;
  insist([&] { net::spawn(loop, accept_some(server, program, accepting)); });
  for (int i = 0; i < 2; ++i) {
    insist([&] { net::spawn(loop, ask(program, port, asked)); });
    ++asking;
  }
  const net::AbortController controller = insist([&] { return net::AbortController(); });
  const net::Socket called_off = insist([&] { return net::Socket(loop, {.signal = controller.signal()}); });
  try {
    program.opened(called_off);
    called_off.connect(port, "127.0.0.1");
    program.until([&] { return !called_off.connecting(); });
    controller.abort();
  } catch (const std::bad_alloc&) {
    insist([&] { called_off.destroy(); });
  }
  const auto close_what_is_idle = [&] {
    for (const auto& socket : program.sockets) {
      if (!socket.destroyed() && asked == asking) insist([&] { socket.destroy(); });
    }
  };
  program.until([&] {
    close_what_is_idle();
    return asked == asking && program.all_closed();
  });
  bool closed = false;
  insist([&] { server.on<"close">([&] { closed = true; }); });
  insist([&] { server.close(); });
  program.until([&] { return closed; });
  program.finish();
  return program.wrong;
}

}  // namespace

TEST_CASE("S32.5: an echo over TCP, with the n-th allocation failing: nothing ends, leaks, hangs or closes twice") {
  for_every_allocation(echo_over_tcp);
}

TEST_CASE("S32.5: a proxy with pipes, names, timers and a worker pool, with the n-th allocation failing") {
  for_every_allocation(proxy);
}

TEST_CASE("S32.5: tasks, readers, an acceptor and an abort, with the n-th allocation failing") {
  for_every_allocation(coroutines);
}

TEST_CASE("S32.5: a socket that has no memory for its first message is destroyed, as for any later one") {
  net::Loop loop;
  const net::Server server(loop);
  const net::Socket client(loop);
  int closed = 0, left = 0;
  const auto turn = [&] {
    try {
      loop.runOnce(100);
    } catch (const std::bad_alloc&) {
      ++left;
    }
  };
  client.on<"error">([] {});
  server.on<"connection">([&](const net::Socket& socket) {
    socket.on<"error">([] {});
    socket.on<"data">([] { throw std::bad_alloc(); });
    socket.on<"close">([&] { ++closed; });
  });
  server.listen(0);
  client.connect(server.address()->port, "127.0.0.1");
  bool later = false;
  SUBCASE("the first one") {}
  SUBCASE("a later one") { later = true; }
  if (later) {
    for (int i = 0; i < 10; ++i) loop.runOnce(10);
  }
  client.write("hello");
  for (int i = 0; i < 50 && closed == 0; ++i) turn();
  CHECK(left == 1);
  CHECK(closed == 1);
  client.destroy();
  server.close();
  run_to_the_end(loop);
}
