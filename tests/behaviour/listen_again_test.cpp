#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE(
    "S9.10, S9.12, S9.15: what is called in a server's 'close' is carried out and emitted, and then the listeners go") {
  struct Case {
    const char* name;
    std::function<void(const net::Server&, Log&)> in_close;
    std::string emitted;
  };
  const TemporaryDirectory directory;
  const std::string path = directory.file("no-such/folder");
  const Case cases[] = {
      {"nothing", [](const net::Server&, Log&) {}, "close"},
      {"a path that cannot be", [&](const net::Server& server, Log&) { server.listen(path); },
       "close error(listen EACCES: permission denied " + path + ")"},
      {"close again",
       [](const net::Server& server, Log& log) {
         server.close([&log](const net::Error& error) { log.add(error.name()); });
       },
       "close close ERR_SERVER_NOT_RUNNING"},
      {"listen and close",
       [](const net::Server& server, Log& log) {
         server.listen(0);
         server.close([&log](const net::Error& error) { log.add("closed(" + std::string(error.name()) + ")"); });
       },
       "close close closed()"},
      {"listen, and close when it listens",
       [](const net::Server& server, Log&) { server.listen(0, [server] { server.close(); }); },
       "close listening close"},
      {"a host that is looked up",
       [](const net::Server& server, Log&) { server.listen(0, "127.0.0.1", [server] { server.close(); }); },
       "close listening close"},
      {"fails, and again in 'error'",
       [&](const net::Server& server, Log&) {
         server.once<"error">([server](const net::Error&) { server.listen(0, [server] { server.close(); }); });
         server.listen(path);
       },
       "close error(listen EACCES: permission denied " + path + ") listening close"},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.name));
    net::Loop loop;
    Log log;
    const auto held = std::make_shared<int>(0);
    {
      const net::Server server(loop);
      note(server, log);
      server.on<"close">([&one, &log, server, held, first = true]() mutable {
        if (std::exchange(first, false)) one.in_close(server, log);
      });
      server.listen(0).close();
    }
    run_to_the_end(loop);
    CHECK(log.text() == one.emitted);
    CHECK_MESSAGE(held.use_count() == 1, "the cycle is gone with what was owed");
  }
}

TEST_CASE("S9.10: listeners that are added when 'close' is over stay, whatever comes then") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.file("no-such/folder");
  Log log;
  const net::Server server(loop);
  server.listen(0).close();
  run_to_the_end(loop);
  note(server, log);
  for (int tries = 0; tries < 2; ++tries) {
    server.listen(path);
    run_to_the_end(loop);
  }
  const std::string failed = "error(listen EACCES: permission denied " + path + ")";
  CHECK(log.text() == failed + " " + failed);
}

TEST_CASE("S14.10, S24.9: a socket's listeners that are added when 'close' is over stay, whatever comes then") {
  net::Loop loop;
  const net::Socket socket(loop);
  socket.destroy();
  run_to_the_end(loop);
  int paused = 0;
  socket.on<"pause">([&] { ++paused; });
  socket.removeAllListeners<"readable">();
  run_to_the_end(loop);
  socket.pause();
  CHECK(paused == 1);
}

TEST_CASE("S22.6, S9.9: listen(server) that throws or fails leaves no descriptor behind") {
  NET_NOT_ON_WINDOWS("there is no limit of open sockets that a process could set");
  net::Loop loop;
  Log log;
  const net::Server first(loop), second(loop), never(loop);
  first.listen(0);
  second.listen(0);
  run_until(loop, [&] { return first.listening() && second.listening(); });
  const std::size_t before = open_descriptors();
  CHECK(error_of([&] { second.listen(first); }).code() == net::Errc::ERR_SERVER_ALREADY_LISTEN);
  CHECK(error_of([&] { never.listen(net::Server(loop), [] {}); }).code() == net::Errc::ERR_INVALID_ARG_VALUE);
  CHECK(never.listenerCount<"listening">() == 1);
  CHECK(open_descriptors() == before);
  note(never, log);
  {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const rlimit none{0, limit.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    never.listen(first);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  CHECK_FALSE(never.listening());
  loop.runOnce(0);
  CHECK(log.text().starts_with("error(listen E"));
  never.listen(first);
  CHECK(never.listening());
  never.close();
  first.close();
  second.close();
  run_to_the_end(loop);
}

TEST_CASE("S7.3, S7.4: the listener of a call that throws is there, but for a server that listens already") {
  net::Loop loop;
  for (const int port : {-1, 70'000}) {
    const net::Socket socket(loop);
    CHECK(error_of([&] { socket.connect(port, [] {}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(error_of([&] { socket.connect(port, "127.0.0.1", [] {}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(socket.listenerCount<"connect">() == 2);
    const net::Server server(loop);
    CHECK(error_of([&] { server.listen(port, [] {}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(error_of([&] { server.listen(port, "127.0.0.1", [] {}); }).code() == net::Errc::ERR_SOCKET_BAD_PORT);
    CHECK(server.listenerCount<"listening">() == 2);
    server.listen(0);
    CHECK(error_of([&] { server.listen(port, [] {}); }).code() == net::Errc::ERR_SERVER_ALREADY_LISTEN);
    CHECK(error_of([&] { server.listen(0, [] {}); }).code() == net::Errc::ERR_SERVER_ALREADY_LISTEN);
    CHECK(server.listenerCount<"listening">() == 2);
    server.close();
  }
  run_to_the_end(loop);
}
