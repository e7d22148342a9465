// What tests share in which a socket connects again.
#ifndef NET_TESTS_AGAIN_HPP
#define NET_TESTS_AGAIN_HPP

#include <net.hpp>

#include "tests/support/session.hpp"

namespace tests::inline NET_MACHINE {

inline net::ConnectOptions at(int port) { return {.port = port, .host = "127.0.0.1"}; }

/// A server that notes what it gets, as "got(text)" and "end", and closes after so many connections.
struct Listener {
  Listener(net::Loop& loop, Log& log, int connections = 1) : server(loop) {
    server.on<"connection">([this, &log, connections](const net::Socket& socket) {
      if (++seen == connections) server.close();
      socket.on<"data">([&log](net::Chunk chunk) { log.add("got(" + chunk.toString() + ")"); });
      socket.on<"end">([&log] { log.add("server-end"); });
      socket.on<"error">([](const net::Error&) {});
    });
    server.listen(0, "127.0.0.1");
    run_until(loop, [this] { return server.listening(); });
    where = server.address()->port;
  }
  int port() const { return where; }  // also when it has closed

  net::Server server;
  int where = 0;
  int seen = 0;
};

}  // namespace tests::inline NET_MACHINE

#endif
