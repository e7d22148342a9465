#include <net/cluster.hpp>

#include <doctest/doctest.h>

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <net.hpp>
#include <string>
#include <vector>

#include "tests/support/channels.hpp"
#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"
#include "tests/support/skip.hpp"
#include "tests/support/support.hpp"

using namespace tests;
namespace cluster = net::cluster;

// What the workers do; the tests below are their primary.
TEST_CASE("a worker of the tests of the cluster" * doctest::skip()) {
  REQUIRE(cluster::isWorker());
  const net::Worker self = cluster::worker();
  const std::string kind = std::getenv("NET_TEST_WORKER");
  const std::string id = std::to_string(self.id());
  const net::Server server = net::createServer({.pauseOnConnect = kind == "paused"}, [id](const net::Socket& socket) {
    socket.on<"error">([](const net::Error&) {});
    socket.on<"data">([id, socket](net::Chunk chunk) { socket.write(id + ":" + std::string(chunk)); });
    socket.write(id);
  });
  server.on<"error">([self](const net::Error& error) { self.send("error " + std::string(error.what())); });
  server.on<"drop">([self](const net::DropInfo&) { self.send("drop"); });
  const auto listen = [&](const std::string& where, bool exclusive) {
    net::ListenOptions options{.host = "127.0.0.1", .exclusive = exclusive};
    if (where[0] == '/') {
      options.path = where;
    } else {
      options.port = std::atoi(where.c_str());
    }
    server.listen(options, [self](const net::Server& me) { self.send("at " + me.address()->toString()); });
  };
  self.on<"message">([&, self, server](std::string_view bytes, const net::ReceivedHandle& handle) {
    const std::string text(bytes);
    const std::string what = text.substr(0, text.find(' ')), rest = text.substr(text.find(' ') + 1);
    if (what == "listen") listen(rest, false);
    if (what == "exclusive") listen(rest, true);
    if (what == "close") server.close([self](const net::Error&) { self.send("closed"); });
    if (what == "max") server.maxConnections(static_cast<std::size_t>(std::atoi(rest.c_str())));
    if (what == "drop") server.dropMaxConnection(true);
    if (what == "leave") self.disconnect();
    if (what == "exit") std::exit(std::atoi(rest.c_str()));
    if (what == "serve" && handle.socket()) handle.socket()->end("served by " + id);
  });
  net::run();
}

namespace {

/// A primary and its workers.
struct Fleet {
  net::Loop loop;
  std::vector<net::Worker> workers;
  std::map<int, std::string> said;
  Log log;

  explicit Fleet(int count, const std::string& kind = "echo") {
    cluster::schedulingPolicy(net::SchedulingPolicy::rr);
    for (int i = 0; i < count; ++i) add(kind);
  }
  net::Worker add(const std::string& kind = "echo") {
    const net::Worker worker =
        cluster::fork({.args = {"--test-case=a worker of the tests of the cluster", "--no-skip", "--out=/dev/null"},
                       .env = {{"NET_TEST_WORKER", kind}}});
    const std::string name = std::to_string(workers.size() + 1);
    const int id = worker.id();
    worker.on<"message">([this, id](std::string_view bytes) { said[id] += std::string(bytes) + ";"; });
    worker.on<"exit">([this, name](int code, int signal) {
      log.add(name + ":exit(" + std::to_string(code) + "," + std::to_string(signal) + ")");
    });
    worker.on<"disconnect">([this, name] { log.add(name + ":disconnect"); });
    worker.on<"online">([this, name] { log.add(name + ":online"); });
    workers.push_back(worker);
    return worker;
  }
  /// All of them say that they listen; where the last one does.
  int listen(const std::string& where = "0") {
    for (const net::Worker& each : workers) each.send("listen " + where);
    for (const net::Worker& each : workers) {
      run_until(loop, [&] { return said[each.id()].find(';') != std::string::npos; });
    }
    if (where[0] == '/') return 0;
    const std::string& text = said[workers.back().id()];
    return std::atoi(text.c_str() + text.rfind(':') + 1);
  }
  /// What a client hears that connects and says "x".
  std::string hear(int port) {
    std::string heard;
    bool closed = false;
    const net::Socket client = net::createConnection(loop, {.port = port, .host = "127.0.0.1"});
    client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
    client.on<"error">([&](const net::Error& error) { heard += error.name(); });
    client.on<"close">([&] { closed = true; });
    run_until(loop, [&] { return closed || !heard.empty(); });
    client.destroy();
    run_until(loop, [&] { return closed; });
    return heard;
  }
  ~Fleet() {
    for (const net::Worker& each : workers) each.kill(SIGKILL);
    run_to_the_end(loop);
  }
};

}  // namespace

TEST_CASE("S33.5, S33.6: workers that listen on any port have the same one, and connections come to them in turn") {
  Fleet fleet(3);
  const int port = fleet.listen();
  for (const net::Worker& each : fleet.workers) {
    CHECK(fleet.said[each.id()] == "at 127.0.0.1:" + std::to_string(port) + ";");
  }
  std::map<std::string, int> served;
  for (int i = 0; i < 12; ++i) ++served[fleet.hear(port)];
  CHECK(served.size() == 3);
  for (const auto& each : served) CHECK_MESSAGE(each.second == 4, each.first);
  CHECK(cluster::workers().size() == 3);
}

TEST_CASE("S33.6: with exclusive a worker binds itself, and a port that is taken is an error") {
  Fleet fleet(2);
  fleet.workers[0].send("exclusive 0");
  run_until(fleet.loop, [&] { return !fleet.said[fleet.workers[0].id()].empty(); });
  const std::string at = fleet.said[fleet.workers[0].id()];
  const std::string port = at.substr(at.rfind(':') + 1, at.size() - at.rfind(':') - 2);
  CHECK(fleet.hear(std::atoi(port.c_str())) == std::to_string(fleet.workers[0].id()));
  fleet.workers[1].send("exclusive " + port);
  run_until(fleet.loop, [&] { return !fleet.said[fleet.workers[1].id()].empty(); });
  CHECK(fleet.said[fleet.workers[1].id()] == "error listen EADDRINUSE: address already in use 127.0.0.1:" + port + ";");
  fleet.said.clear();
  fleet.workers[1].send("listen " + port);
  run_until(fleet.loop, [&] { return !fleet.said[fleet.workers[1].id()].empty(); });
  CHECK(fleet.said[fleet.workers[1].id()] == "error bind EADDRINUSE 127.0.0.1:" + port + ";");
}

TEST_CASE("S33.8: close() in one worker closes it there; with the last one the primary stops listening") {
  Fleet fleet(2);
  const int port = fleet.listen();
  fleet.workers[0].send("close");
  run_until(fleet.loop, [&] { return fleet.said[fleet.workers[0].id()].find("closed") != std::string::npos; });
  for (int i = 0; i < 3; ++i) CHECK(fleet.hear(port) == std::to_string(fleet.workers[1].id()));
  fleet.workers[1].send("close");
  run_until(fleet.loop, [&] { return fleet.said[fleet.workers[1].id()].find("closed") != std::string::npos; });
  run_until(fleet.loop, [&] { return fleet.hear(port) == "ECONNREFUSED"; });
}

TEST_CASE("S33.7: a connection for which no worker has space waits; it is served when one has") {
  Fleet fleet(2);
  const int port = fleet.listen();
  for (const net::Worker& each : fleet.workers) each.send("max 1");
  std::vector<net::Socket> clients;
  std::vector<std::string> heard(3);
  for (std::size_t i = 0; i < 3; ++i) {
    clients.push_back(net::createConnection(fleet.loop, {.port = port, .host = "127.0.0.1"}));
    clients[i].on<"data">([&heard, i](net::Chunk chunk) { heard[i] += chunk; });
    clients[i].write("?");
  }
  run_until(fleet.loop, [&] { return heard[0].size() > 1 && heard[1].size() > 1; });
  CHECK(heard[2].empty());
  clients[0].destroy();
  run_until(fleet.loop, [&] { return heard[2].size() > 1; });
  CHECK(heard[2][0] == heard[0][0]);
  fleet.workers[0].send("drop");
  fleet.workers[1].send("drop");
  clients[1].destroy();
  const auto dropped = [&] {
    for (const net::Worker& each : fleet.workers) {
      if (fleet.said[each.id()].find("drop") != std::string::npos) return true;
    }
    return false;
  };
  std::vector<net::Socket> more;
  run_until(fleet.loop, [&] {
    if (more.size() < 100) more.push_back(net::createConnection(fleet.loop, {.port = port, .host = "127.0.0.1"}));
    more.back().on<"error">([](const net::Error&) {});
    return dropped();
  });
  for (const net::Socket& each : more) each.destroy();
  clients[2].destroy();
}

TEST_CASE("S33.5: a worker that is asked to goes on purpose, and its connections are served to their end") {
  Fleet fleet(2);
  const int port = fleet.listen();
  std::string heard;
  const net::Socket client = net::createConnection(fleet.loop, {.port = port, .host = "127.0.0.1"});
  client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  run_until(fleet.loop, [&] { return !heard.empty(); });
  const std::size_t whose = heard == std::to_string(fleet.workers[0].id()) ? 0 : 1;
  const std::string name = std::to_string(whose + 1);
  fleet.workers[whose].disconnect();
  run_until(fleet.loop, [&] { return fleet.log.has(name + ":disconnect"); });
  client.write("more");
  run_until(fleet.loop, [&] { return heard.find(":more") != std::string::npos; });
  CHECK_FALSE(fleet.workers[whose].isDead());
  client.end();
  run_until(fleet.loop, [&] { return fleet.log.has(name + ":exit(0,0)"); });
  CHECK(fleet.workers[whose].exitedAfterDisconnect());
  CHECK(fleet.hear(port) == std::to_string(fleet.workers[1 - whose].id()));
}

TEST_CASE("S33.5: how a worker ends is told: its code, its signal, a program that is not there") {
  Fleet fleet(2);
  for (const char* const name : {"1:online", "2:online"}) run_until(fleet.loop, [&] { return fleet.log.has(name); });
  fleet.workers[0].send("exit 7");
  fleet.workers[1].kill(SIGTERM);
  run_until(fleet.loop, [&] { return fleet.log.has("1:exit(7,0)") && fleet.log.has("2:exit(0,15)"); });
  CHECK((fleet.workers[0].isDead() && !fleet.workers[0].exitedAfterDisconnect()));
  Log log;
  const net::Worker none = cluster::fork({.exec = "/no/such/program"});
  none.on<"error">([&](const net::Error& error) { log.add(error.what()); });
  none.on<"exit">([&](int code, int) { log.add(code < 0 ? "exit" : "?"); });
  run_until(fleet.loop, [&] { return log.has("exit"); });
  CHECK(log.text() == "spawn ENOENT exit");
  CHECK(cluster::workers().empty());
}

TEST_CASE("S33.5: messages go both ways, and a socket with one of them") {
  Fleet fleet(1);
  Ends ends(fleet.loop);
  std::string heard;
  ends.client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  ends.client.resume();
  bool has_it = false;
  fleet.workers[0].send("serve", *ends.accepted, {}, [&](const net::Error& error) { has_it = !error; });
  run_until(fleet.loop, [&] { return has_it && !heard.empty(); });
  CHECK(heard == "served by " + std::to_string(fleet.workers[0].id()));
  Ends others(fleet.loop);
  bool over = false;
  others.client.resume().on<"end">([&] { over = true; });
  fleet.workers[0].send("nothing", *others.accepted);
  fleet.workers[0].send("exit 0");
  run_until(fleet.loop, [&] { return over; });
}

#if !defined(_WIN32)  // there another test does it

TEST_CASE("S33.5: a worker whose primary is killed does not stay") {
  int pipes[2] = {};
  REQUIRE(::pipe(pipes) == 0);
  const pid_t primary = ::fork();
  if (primary == 0) {
    // a process of its own, which has a worker, whose descriptor 1 is the pipe; and dies
    ::dup2(pipes[1], 1);
    ::close(pipes[0]), ::close(pipes[1]);
    ::execl("/proc/self/exe", "net_tests", "--test-case=a primary of the tests of the cluster", "--no-skip", nullptr);
    ::_exit(127);
  }
  ::close(pipes[1]);
  // the end comes when nobody is left who has the other one
  std::string all;
  char some[256];
  for (ssize_t got = 0; (got = ::read(pipes[0], some, sizeof some)) > 0;)
    all.append(some, static_cast<std::size_t>(got));
  ::close(pipes[0]);
  CHECK(ended(primary) == -SIGKILL);
  CHECK(all.find("two workers") != std::string::npos);
}

TEST_CASE("a primary of the tests of the cluster" * doctest::skip()) {
  Fleet fleet(2);
  fleet.listen();
  std::printf("two workers\n");
  std::fflush(stdout);
  ::raise(SIGKILL);
}

#endif

TEST_CASE("S33.6: workers share a path, and the first one that starts again finds it") {
  NET_NOT_ON_WINDOWS("S33.4: a pipe belongs to one process there");
  const TemporaryDirectory directory;
  Fleet fleet(2);
  const std::string path = directory.socket("s");
  fleet.listen(path);
  std::map<std::string, int> served;
  for (int i = 0; i < 4; ++i) {
    std::string heard;
    const net::Socket client = net::createConnection(fleet.loop, path);
    client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
    run_until(fleet.loop, [&] { return !heard.empty(); });
    client.destroy();
    ++served[heard];
  }
  CHECK(served.size() == 2);
  fleet.workers[0].kill(SIGKILL);
  run_until(fleet.loop, [&] { return fleet.log.has("1:exit(0,9)"); });
  std::string heard;
  const net::Socket client = net::createConnection(fleet.loop, path);
  client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
  run_until(fleet.loop, [&] { return !heard.empty(); });
  CHECK(heard == std::to_string(fleet.workers[1].id()));
  client.destroy();
}

TEST_CASE("S33.6: with the policy none the workers accept themselves") {
  net::Loop outer;
  Fleet fleet(0);
  cluster::schedulingPolicy(net::SchedulingPolicy::none);
  fleet.add();
  fleet.add();
  const int port = fleet.listen();
  for (int i = 0; i < 4; ++i) CHECK_FALSE(fleet.hear(port).empty());
}

TEST_CASE("S33.8: a worker that is killed at any moment loses no connection that it had not taken") {
  Fleet fleet(2);
  const int port = fleet.listen();
  const std::size_t before = open_descriptors();
  for (int round = 0; round < scaled(10); ++round) {
    constexpr std::size_t count = 8;
    std::size_t answered = 0, ended = 0;
    std::vector<net::Socket> clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(net::createConnection(fleet.loop, {.port = port, .host = "127.0.0.1"}));
      clients[i].once<"data">([&](const net::Socket& self, net::Chunk) { ++answered, self.destroy(); });
      clients[i].on<"error">([](const net::Error&) {});
      clients[i].on<"close">([&] { ++ended; });
      if (i == static_cast<std::size_t>(round) % count) fleet.workers.back().kill(SIGKILL);
    }
    // one that the killed worker had taken is reset or ends; nobody waits for ever
    run_until(fleet.loop, [&] { return ended == count; });
    CHECK(answered >= count - 1);
    fleet.add().send("listen " + std::to_string(port));
    const int id = fleet.workers.back().id();
    run_until(fleet.loop, [&] { return !fleet.said[id].empty() && cluster::workers().size() == 2; });
  }
  run_until(fleet.loop, [&] { return open_descriptors() == before; });
}
