// What the tests of loops, servers and sockets share: a log of events, and a client and a server that talk.
#ifndef NET_TESTS_SESSION_HPP
#define NET_TESTS_SESSION_HPP

#include <doctest/doctest.h>

#include <net.hpp>
#include <optional>
#include <ostream>  // doctest shows error codes with it
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/error_of.hpp"

namespace tests::inline NET_MACHINE {  // a test program may have several

/// What happened, in order, as words: "end prefinish finish close(false)".
class Log {
 public:
  void add(std::string_view word) {
    if (!text_.empty()) text_ += ' ';
    text_ += word;
  }
  const std::string& text() const noexcept { return text_; }
  void clear() { text_.clear(); }
  std::size_t count(std::string_view word) const {
    std::size_t found = 0;
    for (std::size_t at = text_.find(word); at != std::string::npos; at = text_.find(word, at + 1)) ++found;
    return found;
  }
  bool has(std::string_view word) const { return count(word) > 0; }

 private:
  std::string text_;
};

inline std::string yes_or_no(bool value) { return value ? "true" : "false"; }

/// Notes every event but 'data' and 'readable', which change how a socket reads. The log must outlive the socket.
inline void note(const net::Socket& socket, Log& log) {
  socket.on<"connectionAttempt">([&log] { log.add("attempt"); });
  socket.on<"connectionAttemptFailed">([&log] { log.add("failed"); });
  socket.on<"connectionAttemptTimeout">([&log] { log.add("slow"); });
  socket.on<"lookup">([&log] { log.add("lookup"); });
  socket.on<"connect">([&log] { log.add("connect"); });
  socket.on<"ready">([&log] { log.add("ready"); });
  socket.on<"pause">([&log] { log.add("pause"); });
  socket.on<"resume">([&log] { log.add("resume"); });
  socket.on<"drain">([&log] { log.add("drain"); });
  socket.on<"end">([&log] { log.add("end"); });
  socket.on<"prefinish">([&log] { log.add("prefinish"); });
  socket.on<"finish">([&log] { log.add("finish"); });
  socket.on<"timeout">([&log] { log.add("timeout"); });
  socket.on<"error">([&log](const net::Error& error) { log.add("error(" + std::string(error.what()) + ")"); });
  socket.on<"close">([&log](bool had_error) { log.add("close(" + yes_or_no(had_error) + ")"); });
}

inline void note(const net::Server& server, Log& log) {
  server.on<"listening">([&log] { log.add("listening"); });
  server.on<"connection">([&log] { log.add("connection"); });
  server.on<"drop">([&log] { log.add("drop"); });
  server.on<"error">([&log](const net::Error& error) { log.add("error(" + std::string(error.what()) + ")"); });
  server.on<"close">([&log] { log.add("close"); });
}

/// Notes the attempts with their addresses.
inline void note_attempts(const net::Socket& socket, Log& log) {
  socket.on<"lookup">([&log](const net::Error& error, std::string_view address, net::Family, std::string_view) {
    log.add("lookup:" + std::string(error ? error.name() : address));
  });
  socket.on<"connectionAttempt">([&log](std::string_view ip) { log.add("try:" + std::string(ip)); });
  socket.on<"connectionAttemptFailed">([&log](std::string_view ip, int, net::Family, const net::Error& error) {
    log.add("failed:" + std::string(ip) + ":" + std::string(error.name()));
  });
  socket.on<"connectionAttemptTimeout">([&log](std::string_view ip) { log.add("slow:" + std::string(ip)); });
  socket.on<"connect">([&log] { log.add("connect"); });
  socket.on<"error">([&log](const net::Error& error) { log.add("error:" + std::string(error.name())); });
  socket.on<"close">([&log](bool had_error) { log.add("close(" + yes_or_no(had_error) + ")"); });
}

/// A callback that notes its name, and the name of the error that it is given.
inline auto note_error(Log& log, std::string name) {
  return [&log, name = std::move(name)](const net::Error& error) {
    log.add(error ? name + "(" + std::string(error.name()) + ")" : name);
  };
}

/// A server on a free port, of all addresses, which closes itself after its first connection.
struct OneConnection {
  explicit OneConnection(net::Loop& loop, const net::ServerOptions& options = {}) : server(loop, options) {
    server.listen(0);
    server.once<"connection">([server = server] { server.close(); });
  }
  int port() const { return server.address()->port; }

  net::Server server;
};

/// A server that sends text to its first client, and ends unless it is told not to.
struct Sender : OneConnection {
  Sender(net::Loop& loop, std::string text, bool ends = true) : OneConnection(loop) {
    server.on<"connection">([text = std::move(text), ends](const net::Socket& socket) {
      socket.write(text);
      if (ends) socket.end();
    });
  }
};

/// A server that reads all that its first client sends, and ends when it does.
struct Receiver : OneConnection {
  explicit Receiver(net::Loop& loop) : OneConnection(loop) {
    server.on<"connection">([this](const net::Socket& socket) {
      socket.on<"data">([this](net::Chunk chunk) { heard += chunk; });
      socket.on<"error">([this](const net::Error& error) { failed = error; });
    });
  }
  std::string heard;
  net::Error failed;
};

/// A socket that connects to the server over 127.0.0.1.
inline net::Socket client_of(net::Loop& loop, const net::Server& server, const net::SocketOptions& options = {}) {
  const net::Socket socket(loop, options);
  socket.connect(server.address()->port, "127.0.0.1");
  return socket;
}

/// For TEST_CASE_FIXTURE: a loop, and a server whose events are noted.
struct NotedServer {
  NotedServer() { note(server, log); }

  net::Loop loop;
  Log log;
  const net::Server server{loop};
};

/// For TEST_CASE_FIXTURE: a client that connects to a receiver.
struct ReceivedClient {
  net::Loop loop;
  Log log;
  Receiver receiver{loop};
  const net::Socket client = client_of(loop, receiver.server);
};

/// A lookup that answers inside the call.
inline net::Lookup answering(std::vector<net::LookupAddress> answers) {
  return [answers = std::move(answers)](std::string_view, const net::LookupOptions&, net::LookupCallback answer) {
    answer(net::Error(), answers);
  };
}

/// Runs the loop until it ends by itself: nothing that the test opened may be left.
inline void run_to_the_end(net::Loop& loop) {
  loop.run();
  CHECK_FALSE(loop.alive());
}

/// Turns the loop until something is so. The watchdog of main.cpp ends a test for which it never is.
template <class Condition>
void run_until(net::Loop& loop, Condition condition) {
  while (!condition()) {
    if (!loop.runOnce() && !condition()) {
      FAIL("the loop has ended before the condition held");
    }
  }
}

/// Two ends of one connection, neither of which reads by itself.
struct Ends {
  explicit Ends(net::Loop& on) : loop(on), server(on, {.allowHalfOpen = true, .pauseOnConnect = true}) {
    server.listen(0, "127.0.0.1");
    server.once<"connection">([this](const net::Socket& socket) { accepted = socket, server.close(); });
    server.once<"listening">([this] { client.connect(server.address()->port, "127.0.0.1"); });
    client.pause();
    run_until(loop, [this] { return accepted && !client.pending(); });
  }
  void destroy() {
    client.destroy();
    accepted->destroy();
    run_to_the_end(loop);
  }

  net::Loop& loop;
  net::Server server;
  net::Socket client{loop, {.allowHalfOpen = true}};
  std::optional<net::Socket> accepted;
};

}  // namespace tests::inline NET_MACHINE

#endif
