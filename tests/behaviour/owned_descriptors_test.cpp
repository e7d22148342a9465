#include <net/server.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <new>
#include <optional>
#include <string>

#include "tests/support/count_allocations.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

/// That neither a socket nor a server can have it, and that it stays open.
void refuses(net::Loop& loop, int fd) {
  const net::Error thrown = error_of([&] { net::Socket(loop, {.fd = fd}); });
  CHECK(std::string(thrown.what()) == "open EEXIST");
  const net::Server second(loop);
  Log log;
  note(second, log);
  second.listen({.fd = fd});
  CHECK_FALSE(second.listening());
  run_until(loop, [&] { return !log.text().empty(); });
  CHECK(log.text() == "error(listen EEXIST: file already exists)");
  CHECK(is_open(fd));
}

/// Two descriptors that are joined; the socket has the first.
struct Joined {
  explicit Joined(net::Loop& loop, net::SocketOptions options = {}) : socket(loop, with_end(options)) {
    socket.on<"data">([this](net::Chunk chunk) { got += chunk.view(); });
    socket.on<"close">([this] { other.close(); });
  }
  net::SocketOptions& with_end(net::SocketOptions& options) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    other = Descriptor(ends[1]);
    options.fd = ends[0];
    return options;
  }

  Descriptor other;
  net::Socket socket;
  std::string got;
};

}  // namespace

TEST_CASE("S22.2, S22.5: a descriptor that a socket has is no second one's, and the first goes on") {
  net::Loop loop;
  Joined one(loop);
  refuses(loop, one.socket.nativeHandle());
  send_raw(one.other, "still here");
  run_until(loop, [&] { return one.got == "still here"; });
  one.socket.destroy();
  run_to_the_end(loop);
}

TEST_CASE("S22.2: it is had by a socket that has never read, or that pauses, just as well") {
  net::Loop loop;
  Joined only_writes(loop, {.readable = false});
  refuses(loop, only_writes.socket.nativeHandle());
  Joined pauses(loop);
  pauses.socket.pause();
  send_raw(pauses.other, std::string(70000, 'x'));
  for (int turns = 0; turns < 5; ++turns) loop.runOnce(0);
  refuses(loop, pauses.socket.nativeHandle());
  Ends ends(loop);
  refuses(loop, ends.client.nativeHandle());
  refuses(loop, ends.accepted->nativeHandle());
  only_writes.socket.destroy();
  pauses.socket.destroy();
  ends.destroy();
}

TEST_CASE("S22.2, S22.5: a descriptor that a server listens on is no second one's, and the first goes on") {
  net::Loop loop;
  const net::Server first(loop);
  first.listen(0, "127.0.0.1");
  run_until(loop, [&] { return first.listening(); });
  refuses(loop, first.nativeHandle());
  CHECK(first.listening());
  bool reached = false;
  first.on<"connection">([&](const net::Socket& socket) {
    reached = true;
    socket.destroy();
    first.close();
  });
  const net::Socket client = client_of(loop, first);
  client.resume();
  run_to_the_end(loop);
  CHECK(reached);
}

TEST_CASE("S22.2: what was released, or closed, may be taken again") {
  net::Loop loop;
  Joined one(loop, {.readable = false});
  const int fd = one.socket.release();
  const net::Socket again(loop, {.fd = fd});
  again.destroy();
  CHECK_FALSE(is_open(fd));
  run_to_the_end(loop);
#if !defined(_WIN32)  // where an anonymous pipe cannot be waited for
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const Descriptor other(ends[1]);
  const net::Socket reused(loop, {.fd = ends[0]});
  reused.destroy();
  run_to_the_end(loop);
#endif
}

TEST_CASE("S22.1, S32.5: a descriptor for which there is no memory stays with whoever has it") {
  net::Loop loop;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const Descriptor other(ends[1]);
  send_raw(other, "hello");
  int failures = 0;
  for (bool made = false; !made; ++failures) {
    const net::AbortController abort;
    std::optional<FailingAllocation> failing(failures + 1);
    try {
      const net::Socket socket(loop, {.fd = ends[0], .signal = abort.signal()});
      failing.reset();
      made = true;
      std::string got;
      socket.on<"data">([&](net::Chunk chunk) { got += chunk; });
      run_until(loop, [&] { return got == "hello"; });
      socket.destroy();
    } catch (const std::bad_alloc&) {
      failing.reset();
      CHECK(is_open(ends[0]));
      loop.runOnce(0);
    }
  }
  CHECK(failures > 3);
  run_to_the_end(loop);
}
