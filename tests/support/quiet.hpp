// A server that only listens to what it is sent, and a client of it: for tests of how a connection ends.
#ifndef NET_TESTS_QUIET_HPP
#define NET_TESTS_QUIET_HPP

#include <net.hpp>

#include "tests/support/session.hpp"

namespace tests::inline NET_MACHINE {

/// A server whose first socket reads and writes nothing back, and is noted.
struct Quiet : OneConnection {
  Quiet(net::Loop& loop, const net::ServerOptions& options = {}) : OneConnection(loop, options), accepted(loop) {
    server.on<"connection">([this](const net::Socket& socket) {
      accepted = socket;
      note(socket, log);
      socket.resume();
    });
  }
  Log log;
  net::Socket accepted;
};

/// A client that is connected, with its log empty.
inline net::Socket quiet_client(net::Loop& loop, const Quiet& to, Log& log, const net::SocketOptions& options = {}) {
  const net::Socket client = client_of(loop, to.server, options);
  run_until(loop, [&] { return !client.connecting() && !to.server.listening(); });
  note(client, log);
  return client;
}

/// For TEST_CASE_FIXTURE: a client that is connected to a quiet server.
struct QuietClient {
  net::Loop loop;
  Log log;
  const Quiet quiet{loop};
  const net::Socket client = quiet_client(loop, quiet, log);
};

}  // namespace tests::inline NET_MACHINE

#endif
