// Where a socket of a scenario connects to. The same as in socket_actor.mjs.
#ifndef NET_TESTS_CONFORMANCE_ACTORS_HPP
#define NET_TESTS_CONFORMANCE_ACTORS_HPP

#include "server_actor.hpp"
#include "socket_actor.hpp"

namespace conformance {

/// Nobody listens on this port: connections to it must fail.
inline constexpr int refused_port = 1;

/// Null if there is no actor of that name, or it is no server.
inline const ServerActor* server_named(const Stage& stage, const std::string& name) {
  const auto found = stage.actors.find(name);
  return found == stage.actors.end() ? nullptr : dynamic_cast<const ServerActor*>(found->second);
}

inline int Stage::port_of(const std::string& text, int otherwise) const {
  if (Properties::is_number(text)) return std::stoi(text);
  const ServerActor* const server = server_named(*this, text);
  const auto address = server ? server->server().address() : std::optional<net::AddressInfo>();
  return address && address->port > 0 ? address->port : otherwise;
}

inline std::string Stage::path_of_server(const std::string& name) const {
  const ServerActor* const server = server_named(*this, name);
  return server && server->pipe() && server->server().listening() ? server->server().address()->path : "";
}

inline void SocketActor::connect(const Step& step) {
  const auto [words, given] = split(step.args);
  const std::string target = words.empty() ? "" : words[0];
  const ServerActor* const server = server_named(stage_, target);
  const bool listening = server && server->server().listening();
  net::ConnectOptions where;
  if (!given.empty() || target == "noport" || option("list")) {
    where = connect_options(*this, stage_, target, given, refused_port);
  } else if (target == "nopath") {
    where.path = stage_.folder() + "none.sock";
  } else if (target == "longpath") {
    where.path = stage_.folder() + std::string(400, 'x');
  } else if (target == "port0") {
    where.port = 0;
    where.host = "127.0.0.1";
  } else if (target == "badbind") {
    where.port = refused_port;
    where.host = "127.0.0.1";
    where.localAddress = "8.8.8.8";
  } else if (listening && server->pipe()) {
    where.path = server->server().address()->path;
  } else {
    where.port = listening ? server->server().address()->port : refused_port;
    where.host = "127.0.0.1";
  }
  saw_close_ = ready_ = false;
  if (words.size() > 1) {
    socket_.connect(where, listener('c', true));
  } else {
    socket_.connect(where);
  }
}

/// Makes the socket of this actor: alone, around a descriptor, or with a connection.
inline void SocketActor::make(const Step& step) {
  const auto [words, given] = split(step.args);
  net::SocketOptions made = socket_options();
  if (step.verb == "create") {
    net::ConnectOptions where = connect_options(*this, stage_, words.empty() ? "" : words[0], given, refused_port);
    where.allowHalfOpen = made.allowHalfOpen;
    where.onread = std::move(made.onread);
    where.signal = made.signal;
    where.reusable = made.reusable;
    use(net::createConnection(where));
    return;
  }
  if (step.verb == "wrap") {
    made.fd = stage_.properties.descriptor(words.at(0));
    for (const std::string& word : words) {
      if (word == "unreadable") made.readable = false;
      if (word == "unwritable") made.writable = false;
    }
    ready_ = true;
  }
  use(net::Socket(made));
}

}  // namespace conformance

#endif
