// Where a socket of a scenario connects to. The same as in actors.mjs.
#ifndef NET_TESTS_CONFORMANCE_ACTORS_HPP
#define NET_TESTS_CONFORMANCE_ACTORS_HPP

#include "server_actor.hpp"
#include "socket_actor.hpp"

namespace conformance {

/// Nobody listens on this port: connections to it must fail.
inline constexpr int refused_port = 1;

inline void SocketActor::connect(const Step& step) {
  const std::string target = step.args.empty() ? "" : step.args[0];
  const auto found = stage_.actors.find(target);
  const auto* server =
      found == stage_.actors.end() ? nullptr : dynamic_cast<const ServerActor*>(found->second);
  const bool listening = server && server->server().listening();
  net::ConnectOptions where;
  if (target == "nopath") {
    where.path = stage_.directory + "/none.sock";
  } else if (target == "longpath") {
    where.path = stage_.directory + "/" + std::string(200, 'x');
  } else if (target == "port0") {
    where.port = 0;
    where.host = "127.0.0.1";
  } else if (target == "badbind") {
    where.port = refused_port;
    where.host = "127.0.0.1";
    where.localAddress = "8.8.8.8";
  } else if (listening && server->pipe()) {
    where.path = server->path();
  } else {
    where.port = listening ? server->server().address()->port : refused_port;
    where.host = "127.0.0.1";
  }
  saw_close_ = ready_ = false;
  if (step.args.size() > 1) {
    socket_.connect(where, listener('c', true));
  } else {
    socket_.connect(where);
  }
}

} // namespace conformance

#endif
