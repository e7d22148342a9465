// Five small programs that end by themselves. tests/injected/run makes their system calls fail and reads the verdict.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <net.hpp>
#include <net/task.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Linux closes the descriptor whatever close(2) says. A failure that strace makes up comes without that, so it is made
/// up for here.
extern "C" int close(int fd) {
  const long result = ::syscall(SYS_close, fd);
  if (result == 0 || errno == EBADF) return static_cast<int>(result);
  const int error = errno;
  ::syscall(SYS_close_range, fd, fd, 0);
  errno = error;
  return -1;
}

/// ENOTCONN means that the connection is gone, and reading says so. strace leaves it there; so it is reset, which only
/// TCP can be.
extern "C" int shutdown(int fd, int how) noexcept {
  const long result = ::syscall(SYS_shutdown, fd, how);
  if (result == 0 || errno != ENOTCONN) return static_cast<int>(result);
  const sockaddr none{};
  int domain = 0;
  socklen_t size = sizeof domain;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  domain == AF_UNIX ? ::syscall(SYS_shutdown, fd, how) : ::syscall(SYS_connect, fd, &none, sizeof none);
  errno = ENOTCONN;
  return -1;
}

namespace {

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

  int told = 0, thrown = 0;
  std::string last;
  std::vector<Seen> sockets;
  int server_opens = 0, server_closes = 0;
  std::vector<std::function<void()>> ends;   // closes everything, for when a step was broken off by an exception
  std::vector<std::function<void()>> after;  // for listeners that stay
  std::vector<std::string> wrong;
  int wanted = 0, done = 0;  // exchanges

  void tell(const net::Error& error) {
    ++told;
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
      tell(error);
    });
    socket.on<"close">([this, at, live = Live()] { ++sockets[at].closes; });
    ends.push_back([socket, live = Live()] { socket.destroy(); });
    return at;
  }
  void track(const net::Server& server) {
    server.on<"listening">([this, live = Live()] { ++server_opens; });
    server.on<"close">([this, live = Live()] { ++server_closes; });
    server.on<"error">([this, server, live = Live()](const net::Error& error) {
      tell(error);
      if (!server.listening()) server.close();  // it never will, and its listeners hold it
    });
    ends.push_back([server, live = Live()] { server.close(); });
  }
  void end_all() {
    for (const auto& each : std::vector<std::function<void()>>(ends)) each();
  }
};

/// A client sends the text, and wants it back.
void talk(Session& session, const net::Socket& socket, std::string text) {
  auto got = std::make_shared<std::string>();
  socket.on<"data">([got, live = Live()](net::Chunk chunk) { got->append(chunk); });
  socket.on<"close">([&session, got, text, live = Live()](bool failed) {
    if (*got == text && !failed) ++session.done;
    if (text.compare(0, got->size(), *got) != 0) session.complain("bytes came wrong");
  });
  // two writes, the second of which waits for the kernel
  socket.write(std::string_view(text).substr(0, 5), [&session, live = Live()](const net::Error& error) {
    if (error) session.tell(error);
  });
  socket.write(text.substr(5), [&session, live = Live()](const net::Error& error) {
    if (error) session.tell(error);
  });
  socket.end();
}

void echo(Session& session, const net::Server& server) {
  server.on<"connection">([&session, live = Live()](const net::Socket& socket) {
    session.track(socket, "echo");
    socket.pipe(socket);
  });
}

std::string large(char with) { return std::string(400000, with); }

/// Two clients; the second is large enough to wait for room.
void two_clients(Session& session, const net::Server& server, const net::ConnectOptions& to) {
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

void echo_over_tcp(Session& session, const std::string&) {
  const net::Server server = net::createServer();
  session.wanted = 2;
  session.track(server);
  echo(session, server);
  server.listen(0, "127.0.0.1", [&session, server, live = Live()] {
    two_clients(session, server, {.port = server.address()->port, .host = "127.0.0.1"});
  });
}

/// Descriptors that the program opened itself: through a pipe.
void wrap_pipe(Session& session) {
  struct Ends {
    int read = -1, write = -1;
    ~Ends() {
      if (read >= 0) ::close(read);
      if (write >= 0) ::close(write);
    }
  } ends;
  int both[2];
  if (::pipe(both) != 0) return session.tell(net::Error(std::error_code(errno, std::generic_category()), "pipe"));
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

void echo_over_path(Session& session, const std::string& directory) {
  const std::string path = directory + "/echo";
  const net::Server server = net::createServer({.allowHalfOpen = true});
  session.wanted = 3;
  session.track(server);
  echo(session, server);
  server.listen({.path = path, .readableAll = true, .writableAll = true},
                [&session, server, path, live = Live()] { two_clients(session, server, {.path = path}); });
  wrap_pipe(session);
}

void proxy(Session& session, const std::string&) {
  const net::Server target = net::createServer(),
                    between = net::createServer({.allowHalfOpen = true, .keepAlive = true, .noDelay = true});
  session.wanted = 2;
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

net::Task<> serve(Session& session, net::Socket socket) {
  const Live live;
  net::Reader reader(socket);
  try {
    while (const auto line = co_await reader.readLine(100)) {
      co_await net::sleep(1);
      co_await net::write(socket, std::string(*line) + "\n");
    }
    socket.end();
  } catch (const net::Error& error) {
    session.tell(error);
    socket.destroy();
  }
}

net::Task<> accept_all(Session& session, net::Server server) {
  const Live live;
  net::Acceptor acceptor(server);
  for (;;) {
    std::optional<net::Socket> socket;
    try {
      socket = co_await acceptor.next();
      if (!socket) break;
    } catch (const net::Error& error) {
      session.tell(error);
      if (!server.listening()) break;
      continue;
    }
    session.track(*socket, "accepted");
    net::spawn(serve(session, *socket));
  }
}

net::Task<> ask(Session& session, net::Server server, std::string host) {
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
        session.tell(error);
        session.end_all();
      }
    }
  } catch (const net::Error& error) {
    session.tell(error);
  }
  server.close();
}

void tasks(Session& session, const std::string&) {
  const net::Server server = net::createServer();
  session.wanted = 9;
  session.track(server);
  net::spawn(accept_all(session, server));
  net::spawn(ask(session, server, "localhost"));
  server.listen(0, "127.0.0.1");
}

/// Two servers, over TCP and on a path, that close and listen again in their 'close'.
void restart(Session& session, const std::string& directory) {
  session.wanted = 6;
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
  session.wanted += 1;
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

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 512; ++fd) count += ::lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF;
  return count;
}

/// Turns until it is over. A turn in which nothing came for so long is a hang; more turns than any of this takes, a spin.
void run(Session& session) {
  constexpr int most = 3000;
  net::Loop& loop = net::Loop::current();
  for (int turns = 0;; ++turns) {
    if (turns == most) return session.complain("it spins");
    const auto began = net::detail::os::now_ms();
    bool more = true;
    try {
      more = loop.runOnce(20000);
    } catch (const std::exception& error) {
      ++session.thrown;
      session.last = error.what();
      session.end_all();
    }
    if (!more) return;
    if (net::detail::os::now_ms() - began >= 20000) return session.complain("it hangs");
  }
}

void check(Session& session) {
  for (const Seen& each : session.sockets) {
    if (each.closes != 1) session.complain(std::string(each.name) + ": " + std::to_string(each.closes) + " 'close'");
    if (each.after_close) session.complain(std::string(each.name) + ": an event after 'close'");
  }
  if (session.server_opens > session.server_closes) session.complain("a server did not close");
  if (session.done != session.wanted && session.told + session.thrown == 0) {
    session.complain("not everything was done, and nobody was told");
  }
  session.ends.clear();
  for (const auto& each : session.after) each();
  if (Live::count != 0) session.complain(std::to_string(Live::count) + " captures left");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view mode = count == 3 ? arguments[1] : "";
  void (*const program)(Session&, const std::string&) = mode == "echo"      ? echo_over_tcp
                                                        : mode == "path"    ? echo_over_path
                                                        : mode == "proxy"   ? proxy
                                                        : mode == "tasks"   ? tasks
                                                        : mode == "restart" ? restart
                                                                            : nullptr;
  if (!program) return std::fprintf(stderr, "usage: programs echo|path|proxy|tasks|restart DIRECTORY\n"), 2;
  const int before = open_descriptors();
  Session session;
  ::getppid();  // here begins what is made to fail
  {
    std::optional<net::Loop> loop;
    try {
      loop.emplace();
    } catch (const std::exception& error) {
      ++session.thrown;
      session.last = error.what();
    }
    if (loop) {
      try {
        program(session, arguments[2]);
      } catch (const std::exception& error) {
        ++session.thrown;
        session.last = error.what();
        session.end_all();
      }
      run(session);
      check(session);
    }
  }
  ::getppid();  // and here it ends
  if (const int left = open_descriptors() - before; left != 0)
    session.complain(std::to_string(left) + " descriptors left");
  for (const char* file : {"/echo", "/again"}) {
    if (::faccessat(AT_FDCWD, (std::string(arguments[2]) + file).c_str(), F_OK, 0) == 0) {
      session.complain(std::string(file) + " is still there");
    }
  }
  std::string said = (session.wrong.empty() ? "fine done=" : "WRONG done=") + std::to_string(session.done) + "/" +
                     std::to_string(session.wanted) + " told=" + std::to_string(session.told) +
                     " thrown=" + std::to_string(session.thrown) +
                     " last=" + (session.last.empty() ? "-" : session.last);
  for (const std::string& each : session.wrong) said += "; " + each;
  said += "\n";
  for (int tries = 0; tries < 10 && ::write(1, said.data(), said.size()) < 0; ++tries) {}  // may be made to fail too
  return session.wrong.empty() ? 0 : 1;
}
