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

TEST_CASE("S10.2: a socket may connect by a path after it was connected by TCP, and the other way round") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const net::Server tcp(loop), local(loop);
  tcp.listen(0);
  local.listen(directory.file("s"));
  for (const net::Server& server : {tcp, local})
    server.on<"connection">([](const net::Socket& socket) { socket.end(); });
  const net::Socket client(loop, {.reusable = true});
  std::string kinds;
  int round = 0;
  const auto next = [&] {
    round % 2 == 0 ? client.connect(tcp.address()->port, "127.0.0.1") : client.connect(directory.file("s"));
  };
  client.on<"connect">([&] { kinds += client.remoteAddress().empty() ? "path " : "tcp "; });
  client.on<"close">([&] {
    if (++round < 4) return next();
    tcp.close();
    local.close();
  });
  client.resume();
  next();
  run_to_the_end(loop);
  CHECK(kinds == "tcp path tcp path ");
}
