#include <net/pipeline.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <net.hpp>
#include <string>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tasks.hpp"

using namespace tests;

namespace {

/// A file that goes with its test.
struct Scratch {
  TemporaryDirectory directory;  // of its own: the suite may run twice at once
  std::string path;
  explicit Scratch(const char* name) : path(directory.file(name)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string content() const {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
};

}  // namespace

TEST_CASE("a task uploads and downloads through pipeline(), and goes on when all has been written") {
  const Scratch upload("upload"), download("download");
  const std::string much(1'000'000, 'u');
  net::Loop loop;
  std::string log;
  const net::Server server(loop, {.allowHalfOpen = true}, [&](net::Socket client) -> net::Task<> {
    co_await net::pipeline(client, net::FileWriter(upload.path));
    CHECK(upload.content() == much);
    co_await net::pipeline(net::FileReader(upload.path), client);
    log += "served ";
  });
  server.listen(0);
  net::spawn(loop, [&]() -> net::Task<> {
    const net::Socket socket = co_await net::connected({.port = server.address()->port, .allowHalfOpen = true});
    socket.end(much);
    co_await net::pipeline(socket, net::FileWriter(download.path));
    CHECK(download.content() == much);
    log += "received";
    server.close();
  });
  loop.run();
  CHECK(log == "served received");
}

TEST_CASE("what breaks off leaves neither end of a pipeline open, and the task has the error") {
  const Scratch upload("broken");
  net::Loop loop;
  std::string log;
  int closed = 0;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    const net::FileWriter file(upload.path);
    file.on<"close">([&] { ++closed; });
    client.on<"close">([&] { ++closed; });
    try {
      co_await net::pipeline(client, file);
    } catch (const net::Error& error) {
      log += error.name();
    }
    server.close();
  });
  server.listen(0);
  const net::Socket client(loop);
  client.connect(server.address()->port, "127.0.0.1", [client] { client.write("the beginning of it"); });
  server.on<"connection">(
      [client](const net::Socket& accepted) { accepted.once<"data">([client] { client.resetAndDestroy(); }); });
  loop.run();
  CHECK(log == "ECONNRESET");
  CHECK(closed == 2);
}

TEST_CASE("a pipeline of a missing file, or to one that cannot be made, throws that error and destroys the other end") {
  net::Loop loop;
  std::string log;
  const net::Server server(loop);
  server.listen(0);
  for (const bool reads : {true, false}) {
    const net::Socket client(loop);
    client.connect(server.address()->port, "127.0.0.1");
    client.on<"close">([&] { log += " closed "; });
    net::spawn(loop, [&log, client, reads]() -> net::Task<> {
      try {
        if (reads) co_await net::pipeline(net::FileReader("/nowhere/at/all"), client);
        if (!reads) co_await net::pipeline(client, net::FileWriter("/nowhere/at/all"));
      } catch (const net::Error& error) {
        log += error.name();
      }
    });
    while (!client.destroyed() || log.empty() || log.back() != ' ') loop.runOnce();
  }
  CHECK(log == "ENOENT closed ENOENT closed ");
  server.closeAllConnections();
  server.close();
  loop.run();
}

TEST_CASE("S34.6: a pipeline that takes too long is given up, and so are its ends; closed ones are refused") {
  net::Loop loop;
  std::string log;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    const Scratch upload("late");
    try {
      co_await net::pipeline(client, net::FileWriter(upload.path), {.timeout = 20});
    } catch (const net::Error& error) {
      log += error.name();
    }
    CHECK(client.destroyed());
    try {
      co_await net::pipeline(client, net::FileWriter(upload.path));
    } catch (const net::Error& error) {
      log += ' ';
      log += error.name();
    }
    server.close();
  });
  server.listen(0);
  const net::Socket client(loop);
  client.connect(server.address()->port, "127.0.0.1");
  client.on<"error">([] {});
  client.resume();
  loop.run();
  CHECK(log == "ERR_TIMEOUT ERR_SOCKET_CLOSED");
}

TEST_CASE("a pipeline whose destination somebody else ends before all has come throws, and destroys both") {
  const Scratch upload("ended");
  net::Loop loop;
  std::string log;
  const net::Server server(loop, {}, [&](net::Socket client) -> net::Task<> {
    const net::FileWriter file(upload.path);
    file.on<"open">([file] { file.end(); });
    try {
      co_await net::pipeline(client, file);
    } catch (const net::Error& error) {
      log += error.name();
    }
    CHECK(client.destroyed());
    server.close();
  });
  server.listen(0);
  const net::Socket client(loop);
  client.connect(server.address()->port, "127.0.0.1");
  client.on<"error">([] {});
  loop.run();
  CHECK(log == "ERR_STREAM_PREMATURE_CLOSE");
}
