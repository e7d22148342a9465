#include <net/detail/stream/adopt.ipp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/support/quiet.hpp"
#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("handles: a program need not keep them, and after 'close' captured handles make no cycle") {
  const auto captured = std::make_shared<int>(0);
  {
    net::Loop loop;
    {
      const OneConnection one(loop);
      one.server.on<"connection">([captured](const net::Socket& socket) {
        socket.on<"data">([captured, socket](net::Chunk chunk) { socket.write(chunk); });
        socket.on<"close">([captured, socket] {});
      });
      const net::Socket client = client_of(loop, one.server);
      client.on<"connect">([captured, client] { client.end("x"); });
      client.on<"data">([captured, client] {});
    }
    CHECK(captured.use_count() > 1);
    run_to_the_end(loop);
    CHECK(captured.use_count() == 1);
  }
}

TEST_CASE("a socket that outlives its loop is closed, and every call on it is harmless") {
  std::optional<net::Socket> left, never;
  const auto captured = std::make_shared<int>(0);
  {
    net::Loop loop;
    const OneConnection one(loop);
    left = client_of(loop, one.server);
    left->on<"data">([captured, socket = *left] {});
    left->write(std::string(20'000'000, 'x'), [captured] {});
    left->end([captured] {});
    left->setTimeout(1000);
    never.emplace(loop);
    for (int turns = 0; turns < 5; ++turns) loop.runOnce(0);
  }
  CHECK(captured.use_count() == 1);
  for (const net::Socket& socket : {*left, *never}) {
    CHECK_FALSE(socket.write("x", [captured] {}));
    socket.end("x", [captured] {}).end().pause().resume().destroy().destroy(net::Error("x")).resetAndDestroy();
    socket.destroySoon();
    socket.cork();
    socket.uncork();
    socket.on<"data">([] {}).on<"readable">([] {}).removeAllListeners();
    socket.setTimeout(5).setTimeout(5, [captured] {}).setNoDelay().setKeepAlive(true, 5000).ref().unref();
    socket.setTypeOfService(4);
    (void)socket.getTypeOfService();
    CHECK_FALSE(socket.read().has_value());
    CHECK_FALSE(socket.read(1).has_value());
    CHECK_FALSE(socket.address().has_value());
    CHECK(socket.localAddress().empty());
    CHECK(socket.nativeHandle() == -1);
    CHECK_FALSE(socket.connecting());
    CHECK(error_of([&] { socket.connect(1, "127.0.0.1"); }).code() == net::Errc::ERR_NO_LOOP);
  }
}
