#include <net/socket.hpp>

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// Text in which every place is told from the others.
std::string long_text(std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + ' ';
  return text.substr(0, size);
}

/// A socket with so much to read that one read brings several 'data', and that much more.
struct Fed {
  explicit Fed(net::Loop& on, net::SocketOptions options = {}, std::string content = long_text(150000))
      : text(std::move(content)), socket(on, with_end(options)) {}
  net::SocketOptions& with_end(net::SocketOptions& options) {
    int ends[2], big = 1 << 20;
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    other = Descriptor(ends[1]);
    REQUIRE(::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &big, sizeof big) == 0);
    send_raw(other, text);
    options.fd = ends[0];
    return options;
  }
  /// What a next owner reads of the descriptor, to the end.
  std::string rest(int fd) {
    other.close();
    const Descriptor owned(fd);
    std::string all;
    char bytes[4096];
    for (ssize_t got = 0; (got = ::recv(fd, bytes, sizeof bytes, 0)) > 0;) {
      all.append(bytes, static_cast<std::size_t>(got));
    }
    return all;
  }

  std::string text;
  Descriptor other;
  net::Socket socket;
};

}  // namespace

TEST_CASE("release() in a 'data' listener: what was read and not emitted is there for read()") {
  net::Loop loop;
  Fed fed(loop);
  const net::Socket& socket = fed.socket;
  std::string got, kept, rest;
  bool timed = false, later = false;
  SUBCASE("at once") {}
  SUBCASE("with an idle timeout") { timed = true; }
  SUBCASE("after the loop has gone on") { later = true; }
  if (timed) socket.setTimeout(60000);
  Log log;
  int fd = -1;
  socket.on<"data">([&](net::Chunk chunk) {
    got += chunk.view();
    note(socket, log);
    fd = socket.release();
    CHECK(socket.readableLength() > 0);
    if (!later) kept = socket.read().value_or("");
  });
  run_to_the_end(loop);
  if (later) kept = socket.read().value_or("");
  CHECK(kept.size() > 0);
  CHECK(got + kept + fed.rest(fd) == fed.text);
  CHECK_FALSE(socket.read().has_value());
  CHECK(socket.readableLength() == 0);
  CHECK(socket.bytesRead() == got.size() + kept.size());
  CHECK_MESSAGE(log.text().empty(), "without events");
}

TEST_CASE("release() of a socket that a listener paused keeps what was read; what was asked for before takes nothing") {
  net::Loop loop;
  Fed fed(loop);
  const net::Socket& socket = fed.socket;
  std::string got;
  socket.on<"data">([&](net::Chunk chunk) {
    got += chunk.view();
    socket.pause();
  });
  run_until(loop, [&] { return !got.empty(); });
  loop.runOnce(0);
  socket.resume();
  const int fd = socket.release();
  run_to_the_end(loop);
  const std::string kept = socket.read().value_or("");
  CHECK(got + kept + fed.rest(fd) == fed.text);
}

TEST_CASE("release() keeps text as text, though a character is split") {
  net::Loop loop;
  std::string all = "x";
  while (all.size() < 150000) all += "\xC3\xA4";
  Fed fed(loop, {}, all);
  const net::Socket& socket = fed.socket;
  socket.setEncoding();
  std::string got;
  int fd = -1;
  socket.on<"data">([&](net::Chunk chunk) {
    got += chunk.view();
    fd = socket.release();
    got += socket.read().value_or("");
  });
  run_to_the_end(loop);
  CHECK(got.size() > 65536);
  CHECK(got == all.substr(0, got.size()));
  CHECK(got.size() % 2 == 1);
  ::close(fd);
}

TEST_CASE("release(): the next owner may put back what the one before had read, and gets all of it in order") {
  net::Loop loop;
  Fed fed(loop);
  std::string got;
  fed.socket.on<"data">([&](const net::Socket& self, net::Chunk chunk) {
    got += chunk.view();
    const net::Socket next(loop, {.fd = self.release()});
    next.unshift(self.read().value_or(""));
    next.on<"data">([&got](net::Chunk more) { got += more.view(); });
    fed.other.close();
  });
  run_to_the_end(loop);
  CHECK(got == fed.text);
}

TEST_CASE("release() and connect(): what was left of the old connection is no part of the new one") {
  net::Loop loop;
  Fed fed(loop, {.reusable = true});
  const Sender sender(loop, "new");
  std::string got;
  fed.socket.on<"data">([&](const net::Socket& self, net::Chunk chunk) {
    got += chunk.size() > 3 ? "old " : chunk.view();
    if (chunk.size() <= 3) return;
    const Descriptor fd(self.release());
    CHECK(self.readableLength() > 0);
    self.connect(sender.port(), "127.0.0.1");
    CHECK(self.readableLength() == 0);
  });
  run_to_the_end(loop);
  CHECK(got == "old new");
}
