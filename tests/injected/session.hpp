// What one of the injected programs knows of itself, and is checked for at its end.
#ifndef NET_TESTS_INJECTED_SESSION_HPP
#define NET_TESTS_INJECTED_SESSION_HPP

#include <cstddef>
#include <functional>
#include <net.hpp>
#include <string>
#include <utility>
#include <vector>

namespace injected {

/// No listener, and no callback, may be left at the end.
struct Live {
  static inline int count = 0;
  Live() noexcept { ++count; }
  Live(const Live&) noexcept { ++count; }
  Live& operator=(const Live&) noexcept = default;
  ~Live() { --count; }
};

/// What is known of one socket, and is checked at the end.
struct Seen {
  const char* name;
  int closes = 0;
  bool after_close = false;
};

struct Session {
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  int reported = 0, thrown = 0;
  std::string last;
  std::vector<Seen> sockets;
  int server_opens = 0, server_closes = 0;
  std::vector<std::function<void()>> ends;   // closes everything, for when a step was broken off by an exception
  std::vector<std::function<void()>> after;  // for listeners that stay
  std::vector<std::string> wrong;
  int expected = 0, done = 0;  // exchanges

  void report(const net::Error& error) {
    ++reported;
    last = error.what();
  }
  void complain(std::string what) { wrong.push_back(std::move(what)); }

  std::size_t track(const net::Socket& socket, const char* name) {
    const std::size_t at = sockets.size();
    sockets.push_back({name});
    const auto event = [this, at, live = Live()] {
      if (sockets[at].closes > 0) sockets[at].after_close = true;
    };
    socket.on<"connect">(event);
    socket.on<"end">(event);
    socket.on<"finish">(event);
    socket.on<"error">([this, event](const net::Error& error) {
      event();
      report(error);
    });
    socket.on<"close">([this, at, live = Live()] { ++sockets[at].closes; });
    ends.push_back([socket, live = Live()] { socket.destroy(); });
    return at;
  }
  void track(const net::Server& server) {
    server.on<"listening">([this, live = Live()] { ++server_opens; });
    server.on<"close">([this, live = Live()] { ++server_closes; });
    server.on<"error">([this, server, live = Live()](const net::Error& error) {
      report(error);
      if (!server.listening()) server.close();  // it never will, and its listeners hold it
    });
    ends.push_back([server, live = Live()] { server.close(); });
  }
  void end_all() {
    for (const auto& each : std::vector<std::function<void()>>(ends)) each();
  }
};

}  // namespace injected

#endif
