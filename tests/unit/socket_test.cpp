#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

TEST_CASE("S11.22: whatever state a socket is in, asking it and setting it throws nothing") {
  const auto ask_everything = [](const net::Socket& socket) {
    socket.setNoDelay().setNoDelay(false).setKeepAlive(true, 5000).setKeepAlive().setTimeout(1000).setTimeout(0);
    socket.unref().ref().pause().resume().setEncoding("latin1");
    (void)socket.read(), (void)socket.read(7);
    (void)socket.address(), (void)socket.remoteAddress(), (void)socket.localAddress(), (void)socket.timeout();
    (void)socket.bytesRead(), (void)socket.bytesWritten(), (void)socket.bufferSize(), (void)socket.readyState();
    (void)socket.errored(), (void)socket.readableEncoding(), (void)socket.getTypeOfService(),
        (void)socket.nativeHandle();
    (void)socket.autoSelectFamilyAttemptedAddresses(), (void)socket.readableFlowing(), (void)socket.writableNeedDrain();
  };
  net::Loop loop;
  const OneConnection one(loop);
  one.server.on<"connection">([](const net::Socket& socket) { socket.resume(); });
  const net::Socket client(loop);
  int asked = 0;
  const auto ask = [&] {
    CHECK_NOTHROW(ask_everything(client));
    ++asked;
  };
  ask();
  client.on<"connectionAttempt">(ask).on<"connect">(ask).on<"ready">(ask).on<"finish">(ask).on<"end">(ask).on<"close">(
      ask);
  client.connect(one.port(), "127.0.0.1");
  ask();
  client.end("x");
  ask();
  run_to_the_end(loop);
  ask();
  client.destroy();
  ask();
  CHECK(asked == 11);
}

TEST_CASE("S1.11: a fresh socket has one listener of 'end', its own, and no other") {
  net::Loop loop;
  const net::Socket socket(loop);
  CHECK(socket.listenerCount<"end">() == 1);
  CHECK(socket.listenerCount<"data">() + socket.listenerCount<"close">() + socket.listenerCount<"error">() == 0);
  CHECK(net::Server(loop).listenerCount<"connection">() == 0);
  CHECK(net::Server(loop, {}, [] {}).listenerCount<"connection">() == 1);
}
