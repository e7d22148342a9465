// Five small programs that end by themselves.
#ifndef NET_TESTS_INJECTED_PROGRAMS_HPP
#define NET_TESTS_INJECTED_PROGRAMS_HPP

#include <unistd.h>

#include <cerrno>
#include <memory>
#include <net.hpp>
#include <net/task.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "session.hpp"

namespace injected {

/// A client sends the text, and wants it back.
inline void talk(Session& session, const net::Socket& socket, std::string text) {
  auto got = std::make_shared<std::string>();
  socket.on<"data">([got, live = Live()](net::Chunk chunk) { got->append(chunk); });
  socket.on<"close">([&session, got, text, live = Live()](bool failed) {
    if (*got == text && !failed) ++session.done;
    if (text.compare(0, got->size(), *got) != 0) session.complain("bytes came wrong");
  });
  // two writes, the second of which waits for the kernel
  socket.write(std::string_view(text).substr(0, 5), [&session, live = Live()](const net::Error& error) {
    if (error) session.report(error);
  });
  socket.write(text.substr(5), [&session, live = Live()](const net::Error& error) {
    if (error) session.report(error);
  });
  socket.end();
}

inline void echo(Session& session, const net::Server& server) {
  server.on<"connection">([&session, live = Live()](const net::Socket& socket) {
    session.track(socket, "echo");
    socket.pipe(socket);
  });
}

inline std::string large(char with) { return std::string(400000, with); }

/// Two clients; the second is large enough to wait for space.
inline void two_clients(Session& session, const net::Server& server, const net::ConnectOptions& to) {
  auto open = std::make_shared<int>(0);
  for (const std::string& text : {std::string("small talk"), large('x')}) {
    ++*open;
    const net::Socket client = net::createConnection(to);
    session.track(client, "client");
    client.setTimeout(60000);
    client.on<"close">([server, open, live = Live()] {
      if (--*open == 0) server.close();
    });
    if (to.path.empty()) {
      client.setNoDelay();
      client.setKeepAlive(true, 5000);
    }
    talk(session, client, text);
  }
}

inline void echo_over_tcp(Session& session, const std::string&) {
  const net::Server server = net::createServer();
  session.expected = 2;
  session.track(server);
  echo(session, server);
  server.listen(0, "127.0.0.1", [&session, server, live = Live()] {
    two_clients(session, server, {.port = server.address()->port, .host = "127.0.0.1"});
  });
}

/// Descriptors that the program opened itself: through a pipe.
inline void wrap_pipe(Session& session) {
  struct Ends {
    int read = -1, write = -1;
    ~Ends() {
      if (read >= 0) ::close(read);
      if (write >= 0) ::close(write);
    }
  } ends;
  int both[2];
  if (::pipe(both) != 0) return session.report(net::Error(std::error_code(errno, std::generic_category()), "pipe"));
  ends.read = both[0], ends.write = both[1];
  const net::Socket from({.fd = ends.read, .readable = true, .writable = false});
  ends.read = -1;
  session.track(from, "read end");
  from.on<"close">([&session, from, live = Live()] {
    if (from.bytesRead() == 7) ++session.done;
  });
  from.resume();
  const net::Socket to({.fd = ends.write, .readable = false, .writable = true});
  ends.write = -1;
  session.track(to, "write end");
  to.write("through");
  to.end();
}

inline void echo_over_path(Session& session, const std::string& directory) {
  const std::string path = directory + "/echo";
  const net::Server server = net::createServer({.allowHalfOpen = true});
  session.expected = 3;
  session.track(server);
  echo(session, server);
  server.listen({.path = path, .readableAll = true, .writableAll = true},
                [&session, server, path, live = Live()] { two_clients(session, server, {.path = path}); });
  wrap_pipe(session);
}

inline void proxy(Session& session, const std::string&) {
  const net::Server target = net::createServer(),
                    between = net::createServer({.allowHalfOpen = true, .keepAlive = true, .noDelay = true});
  session.expected = 2;
  session.track(target);
  session.track(between);
  echo(session, target);
  between.on<"connection">([&session, target, live = Live()](const net::Socket& client) {
    session.track(client, "accepted");
    if (!target.listening()) return (void)client.destroy();
    const net::Socket up =
        net::createConnection({.port = target.address()->port, .host = "127.0.0.1", .allowHalfOpen = true});
    session.track(up, "upstream");
    client.pipe(up);
    up.pipe(client);
    const auto both = [client, up, live = Live()](bool failed) {
      if (failed || !client.readableEnded() || !up.readableEnded()) client.destroy(), up.destroy();
    };
    client.on<"close">(both);
    up.on<"close">(both);
  });
  between.on<"close">([target, live = Live()] { target.close(); });
  target.on<"error">([between, target, live = Live()] {
    if (!target.listening()) between.close();
  });
  // all addresses: both families
  target.listen(0, [&session, between, live = Live()] {
    between.listen(0, "127.0.0.1", [&session, between, live = Live()] {
      two_clients(session, between,
                  {.port = between.address()->port, .host = "127.0.0.1", .localAddress = "127.0.0.1"});
    });
  });
}

inline net::Task<> serve(Session& session, net::Socket socket) {
  const Live live;
  net::Reader reader(socket);
  try {
    while (const auto line = co_await reader.readLine(100)) {
      co_await net::sleep(1);
      co_await net::write(socket, std::string(*line) + "\n");
    }
    socket.end();
  } catch (const net::Error& error) {
    session.report(error);
    socket.destroy();
  }
}

inline net::Task<> accept_all(Session& session, net::Server server) {
  const Live live;
  net::Acceptor acceptor(server);
  for (;;) {
    std::optional<net::Socket> socket;
    try {
      socket = co_await acceptor.next();
      if (!socket) break;
    } catch (const net::Error& error) {
      session.report(error);
      if (!server.listening()) break;
      continue;
    }
    session.track(*socket, "accepted");
    net::spawn(serve(session, *socket));
  }
}

inline net::Task<> ask(Session& session, net::Server server, std::string host) {
  const Live live;
  try {
    co_await net::once<"listening">(server);
    for (int i = 0; i < 3; ++i) {
      try {
        const net::Socket socket = co_await net::connected(server.address()->port, host);
        session.track(socket, "client");
        net::Reader reader(socket);
        for (const char* word : {"one", "two", "three"}) {
          co_await net::write(socket, std::string(word) + "\r\n");
          const auto answer = co_await reader.readLine(100);
          if (!answer) throw net::Error(std::make_error_code(std::errc::connection_reset), "the other side ended");
          if (std::string_view(*answer) != word) session.complain("the answer to " + std::string(word));
          ++session.done;
        }
        socket.end();
        while (co_await reader.next()) {}
      } catch (const net::Error& error) {
        session.report(error);
        session.end_all();
      }
    }
  } catch (const net::Error& error) {
    session.report(error);
  }
  server.close();
}

inline void tasks(Session& session, const std::string&) {
  const net::Server server = net::createServer();
  session.expected = 9;
  session.track(server);
  net::spawn(accept_all(session, server));
  net::spawn(ask(session, server, "localhost"));
  server.listen(0, "127.0.0.1");
}

/// Two servers, over TCP and on a path, that close and listen again in their 'close'.
inline void restart(Session& session, const std::string& directory) {
  session.expected = 6;
  for (const bool by_path : {false, true}) {
    const net::Server server = net::createServer({.pauseOnConnect = true, .reusable = true});
    session.track(server);
    auto rounds = std::make_shared<int>(3);
    const auto begin = [server, by_path, path = directory + "/again", live = Live()] {
      by_path ? server.listen(path) : server.listen(0);
    };
    server.on<"connection">([&session, server, live = Live()](const net::Socket& socket) {
      session.track(socket, "accepted");
      server.close();
      socket.resume();
      socket.pipe(socket);
    });
    server.on<"listening">([&session, server, by_path, live = Live()] {
      const net::Socket client = by_path ? net::createConnection(server.address()->path)
                                         : net::createConnection(server.address()->port, "::ffff:127.0.0.1");
      session.track(client, "client");
      client.on<"close">([server, live = Live()](bool failed) {
        if (failed) server.close();
      });
      talk(session, client, "again and again");
    });
    server.on<"close">([rounds, begin, server, live = Live()] {
      if (--*rounds > 0) begin();
    });
    session.ends.push_back([rounds, live = Live()] { *rounds = 0; });
    session.after.push_back([server] { server.removeAllListeners(); });
    server.on<"error">([rounds, server, live = Live()] {
      if (!server.listening()) *rounds = 1;
    });
    begin();
  }
  // and one that listens on what another does
  const net::Server first = net::createServer(), second = net::createServer();
  session.expected += 1;
  session.track(first);
  session.track(second);
  echo(session, second);
  first.listen(0, "127.0.0.1", [&session, first, second, live = Live()] {
    second.listen(first, [&session, first, second, live = Live()] {
      const int port = second.address()->port;
      first.close();
      const net::Socket client = net::createConnection(port, "127.0.0.1");
      session.track(client, "client");
      client.on<"close">([second, live = Live()] { second.close(); });
      talk(session, client, "the same place");
    });
  });
  for (const net::Server& each : {first, second}) {
    each.on<"error">([first, second, live = Live()] {
      if (!first.listening() || !second.listening()) first.close(), second.close();
    });
  }
}

}  // namespace injected

#endif
