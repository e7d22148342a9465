// What tests of fork() share: children, and a parent with much open.
#ifndef NET_TESTS_FORKING_HPP
#define NET_TESTS_FORKING_HPP

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <net.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

namespace tests::inline NET_MACHINE {

/// How a child process ended: its exit code, or minus the number of the signal.
inline int ended(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Forks, and gives back how the child ended, in which `f` has run.
template <class F>
int in_child(F&& f) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      ::_exit(f());
    } catch (...) {
      ::_exit(99);
    }
  }
  REQUIRE(child > 0);
  return ended(child);
}

inline bool exists(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

/// What a parent has open: a server on a path, one on a port, and a connection with bytes under way both ways.
struct Parent {
  TemporaryDirectory directory;
  std::string path = directory.file("s");
  std::unique_ptr<net::Loop> loop = std::make_unique<net::Loop>();
  net::Server local{*loop}, server{*loop};
  net::Socket accepted{*loop}, client{*loop};
  std::string heard, answered;

  Parent() {
    local.listen(path);
    server.on<"connection">([this](const net::Socket& socket) {
      accepted = socket;
      socket.on<"data">([this](net::Chunk chunk) { heard += chunk; });
    });
    server.listen(0);
    client.on<"data">([this](net::Chunk chunk) { answered += chunk; });
    client.connect(server.address()->port, "127.0.0.1");
    run_until(*loop, [this] { return !accepted.pending() && !client.pending(); });
  }
  /// That nothing has happened to it, whatever a child did.
  void works() {
    heard.clear(), answered.clear();
    CHECK(exists(path));
    client.write("ping");
    accepted.write("pong");
    run_until(*loop, [this] { return heard == "ping" && answered == "pong"; });
    CHECK(heard == "ping");
    CHECK(answered == "pong");
    bool came = false;
    local.once<"connection">([&](const net::Socket& socket) { came = true, socket.destroy(); });
    const net::Socket visitor(*loop);
    visitor.on<"error">([] {});
    visitor.connect(path);
    run_until(*loop, [&] { return came; });
    CHECK(came);
    visitor.destroy();
  }
};

}  // namespace tests::inline NET_MACHINE

#endif
