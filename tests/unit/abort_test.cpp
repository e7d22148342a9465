#include <net/abort.hpp>

#include <doctest/doctest.h>

#include <version>
#if defined(__cpp_lib_jthread)  // libc++ has it since version 20
#include <stop_token>
#endif
#include <string>
#include <thread>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("S20.1, S3.9: an abort destroys the socket, with an error that says so, in any state") {
  net::Loop loop;
  const OneConnection one(loop);
  const net::AbortController controller;
  const net::Socket client(loop, net::SocketOptions{.signal = controller.signal()});
  Log log;
  note(client, log);
  SUBCASE("connecting") {
    client.connect(one.port(), "127.0.0.1");
    controller.abort();
    CHECK(client.destroyed());
    one.server.close();
    run_to_the_end(loop);
    CHECK(log.text() == "error(The operation was aborted) close(true)");
    CHECK(client.errored().name() == "ABORT_ERR");
    CHECK(client.errored().kind() == "AbortError");
  }
  SUBCASE("connected") {
    client.connect(one.port(), "127.0.0.1", [&] { controller.abort(); });
    run_to_the_end(loop);
    CHECK(log.text() == "attempt connect ready error(The operation was aborted) close(true)");
  }
  SUBCASE("never connected: nothing was opened, so hadError is false (S17.3)") {
    controller.abort();
    one.server.close();
    run_to_the_end(loop);
    CHECK(log.text() == "error(The operation was aborted) close(false)");
  }
}

TEST_CASE("S20.5, S3.9: the reason of the signal is the cause of the error") {
  net::Loop loop;
  const net::AbortController controller;
  const net::Socket client(loop, net::SocketOptions{.signal = controller.signal()});
  net::Error emitted;
  client.on<"error">([&](const net::Error& error) { emitted = error; });
  SUBCASE("the default one") {
    controller.abort();
    run_to_the_end(loop);
    CHECK(emitted.cause().kind() == "AbortError");
    CHECK(std::string(emitted.cause().what()) == "This operation was aborted");
  }
  SUBCASE("one of the program") {
    controller.abort(net::Error(std::string("enough")));
    run_to_the_end(loop);
    CHECK(std::string(emitted.cause().what()) == "enough");
  }
  SUBCASE("of a signal that has aborted before") {
    controller.abort(net::Error(std::string("too late")));
    const net::Socket late(loop, net::SocketOptions{.signal = controller.signal()});
    late.on<"error">([&](const net::Error& error) { emitted = error; });
    run_to_the_end(loop);
    CHECK(std::string(emitted.cause().what()) == "too late");
  }
  CHECK(std::string(emitted.what()) == "The operation was aborted");
  CHECK_MESSAGE(!emitted.cause().cause(), "a cause of its own it has none");
  CHECK_FALSE(net::Error(net::Errc::ERR_SOCKET_CLOSED).cause());
}

TEST_CASE("S20.2: after the socket has closed an abort does nothing") {
  net::Loop loop;
  const OneConnection one(loop);
  const net::AbortController controller;
  const net::Socket client(loop, net::SocketOptions{.signal = controller.signal(), .reusable = true});
  Log log;
  note(client, log);
  client.connect(one.port(), "127.0.0.1", [&] { client.destroy(); });
  run_to_the_end(loop);
  log.clear();
  controller.abort();
  CHECK(controller.signal().aborted());
  run_to_the_end(loop);
  CHECK(log.text().empty());
}

TEST_CASE("S20.3: with a signal that has aborted nothing is connected") {
  net::Loop loop;
  const OneConnection one(loop);
  const net::AbortController controller;
  controller.abort();
  const net::Socket client =
      net::connect(loop, {.port = one.port(), .host = "127.0.0.1", .signal = controller.signal()});
  Log log;
  note(client, log);
  CHECK(client.destroyed());
  one.server.close();
  run_to_the_end(loop);
  CHECK(log.text() == "error(The operation was aborted) close(false)");
}

TEST_CASE("S20.4: an abort during family selection stops the race") {
  net::Loop loop;
  const ClosedPort closed;
  const net::AbortController controller;
  const net::Lookup two = [](std::string_view, const net::LookupOptions&, const net::LookupCallback& answer) {
    const net::LookupAddress found[] = {{"127.0.0.1", net::Family::IPv4}, {"127.0.0.2", net::Family::IPv4}};
    answer(net::Error(), found);
  };
  const net::Socket client(loop, net::SocketOptions{.signal = controller.signal()});
  Log log;
  note(client, log);
  client.on<"connectionAttempt">([&] { controller.abort(); });
  client.connect({.port = closed.number(), .host = "two.test", .lookup = two, .autoSelectFamily = true});
  run_to_the_end(loop);
  CHECK(log.count("attempt") == 1);
  CHECK(log.has("error(The operation was aborted)"));
  CHECK(log.text().substr(log.text().size() - 11) == "close(true)");
}

TEST_CASE("S20.7: aborting closes a server; before 'listening' only 'close' comes") {
  net::Loop loop;
  const net::AbortController controller;
  const net::Server server(loop);
  Log log;
  note(server, log);
  SUBCASE("before") {
    server.listen({.port = 0, .signal = controller.signal()});
    controller.abort();
    CHECK_FALSE(server.listening());
    run_to_the_end(loop);
    CHECK(log.text() == "close");
  }
  SUBCASE("while it listens") {
    server.listen({.port = 0, .signal = controller.signal()}, [&] { controller.abort(); });
    run_to_the_end(loop);
    CHECK(log.text() == "listening close");
  }
  SUBCASE("already") {
    controller.abort();
    server.listen({.port = 0, .signal = controller.signal()});
    run_to_the_end(loop);
    CHECK(log.text() == "close");
  }
}

TEST_CASE("S20.1: AbortSignal::timeout aborts by itself and keeps no loop alive") {
  net::Loop loop;
  const net::AbortSignal idle = net::AbortSignal::timeout(60000);
  run_to_the_end(loop);
  CHECK_FALSE(idle.aborted());
  const OneConnection one(loop);
  const net::Socket client(loop, net::SocketOptions{.signal = net::AbortSignal::timeout(5)});
  Log log;
  note(client, log);
  client.connect(one.port(), "127.0.0.1");
  run_to_the_end(loop);
  CHECK(log.has("error(The operation was aborted) close(true)"));
}

TEST_CASE("S20.1: what is attached after the abort is not attached, and whoever attaches learns of it") {
  net::Loop loop;
  using net::detail::AbortState;
  using net::detail::AbortWatch;
  const net::detail::Ref<AbortState> state(new AbortState);
  int calls = 0;
  const net::detail::AbortCall call{[](void* who, const net::Error&) { ++*static_cast<int*>(who); }, &calls};
  const AbortWatch early = state->attach(net::detail::Access::core(loop), call);
  REQUIRE(early);
  state->abort(net::Error(std::string("enough")));
  CHECK_FALSE(state->attach(net::detail::Access::core(loop), call));
  state->abort(net::Error(std::string("again")));
  CHECK(calls == 1);
}

TEST_CASE("an abort leaves no descriptor behind, a thousand times") {
  net::Loop loop;
  const auto once = [&] {
    const net::Server server(loop);
    const net::AbortController controller;
    server.listen({.port = 0, .signal = controller.signal()});
    const net::Socket client(loop, net::SocketOptions{.signal = controller.signal()});
    client.on<"error">([] {});
    client.connect(server.address()->port, "127.0.0.1", [&] { controller.abort(); });
    server.on<"connection">([](net::Socket) {});
    run_to_the_end(loop);
  };
  once();
  const std::size_t before = open_descriptors();
  for (int round = 0; round < 1000; ++round) once();
  CHECK(open_descriptors() == before);
}

TEST_SUITE("threads") {
  TEST_CASE("S20.1: another thread may abort, a controller or a stop token") {
    net::Loop loop;
    for (int round = 0; round < 50; ++round) {
      const OneConnection one(loop);
      const net::AbortController controller;
#if defined(__cpp_lib_jthread)
      std::stop_source source;
      const bool by_token = round % 2 == 1;
      const net::AbortSignal signal = by_token ? net::AbortSignal(source.get_token()) : controller.signal();
      const auto abort = [&] { by_token ? (void)source.request_stop() : controller.abort(); };
#else
      const net::AbortSignal signal = controller.signal();
      const auto abort = [&] { controller.abort(); };
#endif
      const net::Socket client(loop, net::SocketOptions{.signal = signal});
      Log log;
      note(client, log);
      std::thread other;
      client.connect(one.port(), "127.0.0.1", [&] { other = std::thread(abort); });
      run_to_the_end(loop);
      other.join();
      CHECK(log.has("error(The operation was aborted) close(true)"));
    }
  }

  TEST_CASE("S1.4, S20.2: a hook that was taken off is not called by a posted callback that is on its way") {
    net::Loop loop;
    const net::AbortController controller;
    net::ServerOptions options;
    options.reusable = true;
    const net::Server server(loop, options);
    server.listen({.port = 0, .signal = controller.signal()});
    int listening = 0, closed = 0;
    server.on<"listening">([&] { ++listening; });
    server.on<"close">([&] {
      if (++closed == 1) server.listen(0);
    });
    // closed, and listening again without the signal, before the posted callback runs
    server.close();
    std::thread([&] { controller.abort(); }).join();
    run_until(loop, [&] { return listening > 0; });
    bool letter_was_read = false;
    std::thread([&] { loop.post([&] { letter_was_read = true; }); }).join();
    run_until(loop, [&] { return letter_was_read; });
    CHECK(server.listening());
    CHECK(closed == 1);
    server.close();
    run_to_the_end(loop);
    CHECK(closed == 2);
  }

  TEST_CASE("S1.4, S20.2: a socket that has closed and connected again is not destroyed by the abort of before") {
    net::Loop loop;
    const net::Server server(loop);
    server.listen(0, "127.0.0.1");
    server.on<"connection">([](const net::Socket& socket) { socket.resume(); });
    run_until(loop, [&] { return server.listening(); });
    const net::AbortController controller;
    net::SocketOptions options;
    options.signal = controller.signal();
    options.reusable = true;
    const net::Socket client(loop, options);
    client.connect(server.address()->port, "127.0.0.1");
    run_until(loop, [&] { return !client.pending(); });
    client.destroy();
    bool closed = false;
    client.once<"close">([&] { closed = true; });
    run_until(loop, [&] { return closed; });
    std::thread([&] { controller.abort(); }).join();
    client.connect(server.address()->port, "127.0.0.1");
    run_until(loop, [&] { return !client.pending(); });
    CHECK_FALSE(client.destroyed());
    client.destroy();
    server.close();
    run_to_the_end(loop);
  }

  TEST_CASE("an abort that comes when the loop has gone finds nobody") {
    const net::AbortController controller;
    std::thread other;
    {
      net::Loop loop;
      const net::Server server(loop);
      server.listen({.port = 0, .signal = controller.signal()});
      other = std::thread([&] { controller.abort(); });
    }
    other.join();
    CHECK(controller.signal().aborted());
  }
}

TEST_CASE("S20.7: the signal of a server's options closes it, whenever it listens, beside that of listen()") {
  net::Loop loop;
  const net::AbortController of_server, of_listen;
  const net::Server server(loop, {.reusable = true, .signal = of_server.signal()});
  int closes = 0;
  server.on<"close">([&] { ++closes; });
  server.listen({.port = 0, .signal = of_listen.signal()});
  of_listen.abort();
  run_until(loop, [&] { return closes == 1; });
  server.listen(0);
  of_server.abort();
  CHECK_FALSE(server.listening());
  run_until(loop, [&] { return closes == 2; });
  server.listen(0);
  run_until(loop, [&] { return closes == 3; });
}
