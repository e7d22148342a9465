#include <net/server.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

// On Windows a path is the name of a pipe.

namespace {

/// Echoes one text over a path and ends; returns what came back.
std::string echo_over(net::Loop& loop, const std::string& path) {
  const net::Server server(loop);
  server.on<"connection">([server](net::Socket socket) {
    server.close();
    socket.pipe(socket);
  });
  server.listen(path);
  const net::Socket client(loop);
  std::string got;
  client.on<"data">([&got](net::Chunk chunk) { got += chunk.view(); });
  client.connect(path);
  client.end("there and back");
  run_to_the_end(loop);
  return got;
}

}  // namespace

TEST_CASE("S23.3, S23.5, S23.16: a pipe's name is served once, may have 256 characters, and no more") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string prefix = directory.socket("");
  const std::string longest = prefix + std::string(256 - prefix.size(), 'n');
  CHECK(echo_over(loop, longest) == "there and back");
  const net::Server server(loop), second(loop);
  Log log;
  note(server, log);
  server.listen(longest + std::string(9, 'n'));
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EINVAL: invalid argument " + longest + std::string(9, 'n') + ")");
  log.clear();
  note(second, log);
  server.listen(directory.socket("s"));
  second.listen(directory.socket("s"));
  second.on<"error">([server] { server.close(); });
  run_to_the_end(loop);
  CHECK(log.text() == "listening error(listen EADDRINUSE: address already in use " + directory.socket("s") + ") close");
}

TEST_CASE("S23.16: as in Node a path outside of the names of pipes is EACCES to listen on, and ENOENT to connect to") {
  net::Loop loop;
  const net::Server server(loop);
  const net::Socket client(loop);
  Log log;
  note(server, log);
  server.listen("C:\\\\here");
  run_to_the_end(loop);
  CHECK(log.text() == "error(listen EACCES: permission denied C:\\\\here)");
  Log events;
  note(client, events);
  client.connect("/tmp/there");
  run_to_the_end(loop);
  CHECK(events.text() == "attempt failed error(connect ENOENT /tmp/there) close(true)");
}

TEST_CASE("S23.16: a client that ends still hears the answer that comes at once, then both sides have ended") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("s");
  const net::Server server(loop, {.allowHalfOpen = true});
  const net::Socket client(loop);
  Log log;
  std::string heard, answer;
  server.on<"connection">([&](const net::Socket& socket) {
    server.close();
    socket.on<"data">([&heard, socket](net::Chunk chunk) {
      heard += chunk.view();
      if (heard == "question") socket.end("answer");
    });
  });
  server.listen(path);
  note(client, log);
  client.on<"data">([&](net::Chunk chunk) { answer += chunk.view(); });
  client.connect(path);
  client.end("question");
  run_to_the_end(loop);
  CHECK(heard == "question");
  CHECK(answer == "answer");
  CHECK(log.has("finish end close(false)"));
}

TEST_CASE("a hundred clients of one pipe are all served, and megabytes arrive whole both ways") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("s");
  const int count = scaled(100);
  const std::string much(300000, 'm');
  const net::Server server(loop);
  int accepted = 0, closed = 0;
  std::size_t back = 0;
  server.on<"connection">([&](const net::Socket& socket) {
    socket.pipe(socket);
    if (++accepted == count) server.close();
  });
  server.listen(path);
  for (int i = 0; i < count; ++i) {
    const net::Socket client(loop);
    auto got = std::make_shared<std::size_t>(0);
    client.on<"data">([&back, &much, client, got](net::Chunk chunk) {
      back += chunk.view().size();
      *got += chunk.view().size();
      if (*got == much.size()) client.end();
    });
    client.on<"close">([&] { ++closed; });
    client.connect(path);
    client.write(much);
  }
  run_to_the_end(loop);
  CHECK(accepted == count);
  CHECK(closed == count);
  CHECK(back == much.size() * static_cast<std::size_t>(count));
}

TEST_CASE("one loop has a thousand connections over TCP and a hundred pipes, and each gets its own answer") {
  net::Loop loop;
  const TemporaryDirectory directory;
  const std::string path = directory.socket("s");
  constexpr int sockets = 1000, pipes = 100, count = sockets + pipes;
  const net::Server tcp(loop), ipc(loop);
  int accepted = 0, connected = 0, answered = 0, closed = 0;
  std::vector<std::pair<net::Socket, std::string>> waiting;
  for (const net::Server& server : {tcp, ipc}) {
    server.on<"connection">([&accepted](const net::Socket& socket) {
      ++accepted;
      socket.pipe(socket);
    });
  }
  ipc.listen(path);
  tcp.listen(0, "127.0.0.1", 511, [&] {
    for (int i = 0; i < count; ++i) {
      const net::Socket client(loop);
      const std::string own = "I am " + std::to_string(i);
      client.on<"connect">([&, client, own] {
        waiting.emplace_back(client, own);
        if (++connected < count) return;
        for (const auto& [each, text] : waiting) each.write(text);  // now all are there
        waiting.clear();
      });
      client.on<"data">([&, client, own](net::Chunk chunk) {
        answered += chunk.view() == own;
        client.end();
      });
      client.on<"close">([&](bool failed) {
        closed += !failed;
        if (closed == count) tcp.close(), ipc.close();
      });
      i < sockets ? client.connect(tcp.address()->port, "127.0.0.1") : client.connect(path);
    }
  });
  run_to_the_end(loop);
  CHECK(accepted == count);
  CHECK(connected == count);
  CHECK(answered == count);
  CHECK(closed == count);
}

#endif
