#include <net.hpp>

#include <doctest/doctest.h>

#include <netdb.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// How a child process ended: its exit code, or minus the number of the signal.
int ended(pid_t child) {
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

bool exists(const std::string& path) {
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

struct Thrown {};

}  // namespace

TEST_CASE("S31.1: a child's end frees memory and nothing else: the parent's loop, paths and connections go on") {
  Parent parent;
  SUBCASE("its loop is destroyed") {
    CHECK(in_child([&] { return parent.loop.reset(), 0; }) == 0);
  }
  SUBCASE("its sockets and servers are destroyed and closed first") {
    CHECK(in_child([&] {
            parent.client.write("from the child");
            parent.client.end();
            parent.accepted.destroy();
            parent.client.resetAndDestroy();
            parent.local.close();
            parent.server.close();
            parent.loop.reset();
            return 0;
          }) == 0);
  }
  SUBCASE("it is killed") {
    CHECK(in_child([] { return ::raise(SIGKILL), 0; }) == -SIGKILL);
  }
  parent.works();
}

TEST_CASE("S31.1: a child that another thread has forked frees memory and nothing else, too") {
  Parent parent;
  int status = -1;
  std::thread([&] {
    status = in_child([&] {
      parent.client.write("from the child");
      parent.loop->stop();
      parent.loop->post([] {});
      parent.accepted.destroy();
      parent.server.close();
      parent.loop.reset();
      return 0;
    });
  }).join();
  CHECK(status == 0);
  parent.works();
}

TEST_CASE("S31.1: a child that is forked inside a listener sends nothing of what was gathered, however it ends") {
  Parent parent;
  int how = 0;
  SUBCASE("_exit") { how = 0; }
  SUBCASE("an exception") { how = 1; }
  SUBCASE("it returns from the listener") { how = 2; }
  SUBCASE("it writes more, and returns") { how = 3; }
  pid_t child = -1;
  parent.accepted.once<"data">([&] {
    parent.accepted.write("once ");
    child = ::fork();
    if (child != 0) return;
    if (how == 0) ::_exit(7);
    if (how == 1) throw Thrown();
    if (how == 3) parent.accepted.write("more"), parent.client.write("more");
  });
  // several things are ready in the same round
  parent.client.write("go");
  parent.accepted.write("there ");
  parent.loop->setImmediate([] {});
  int code = 0;
  try {
    run_until(*parent.loop, [&] { return child == 0 || parent.answered == "there once "; });
  } catch (const Thrown&) {
    code = 7;
  } catch (const net::Error& error) {
    code = error.name() == "ERR_INVALID_STATE" ? 7 : 8;
  }
  if (child == 0) {
    parent.loop.reset();
    ::_exit(code);
  }
  CHECK(ended(child) == 7);
  CHECK(parent.answered == "there once ");
  parent.works();
}

TEST_CASE("S31.1: a child that is forked inside a listener neither sends what waited nor reads what comes next") {
  Parent parent;
  constexpr std::size_t much = 1000000;
  pid_t child = -1;
  const auto fork_once = [&child] {
    if (child == -1) child = ::fork();
  };
  net::Socket second(*parent.loop);
  std::string heard;
  std::size_t received = 0;
  std::string own_room(1000, ' ');
  parent.server.on<"connection">(
      [&](const net::Socket& socket) { socket.on<"data">([&](net::Chunk chunk) { heard += chunk; }); });
  bool there = false;
  SUBCASE("what was written waits for its connection") {
    second.on<"connect">(fork_once);
    second.connect(parent.server.address()->port, "127.0.0.1");
    second.write("once");
  }
  SUBCASE("more can be read than was told") {
    parent.client.on<"data">([&](net::Chunk chunk) { received += chunk.size(), fork_once(); });
    there = true;
  }
  SUBCASE("more can be read than fits into the user's own buffer") {
    second = net::Socket(*parent.loop, {.onread = {.buffer = std::as_writable_bytes(std::span(own_room)),
                                                   .callback = [&](std::size_t size, std::span<std::byte>) {
                                                     received += size, fork_once();
                                                     return true;
                                                   }}});
    second.connect(parent.server.address()->port, "127.0.0.1");
    run_until(*parent.loop, [&] { return !second.connecting() && parent.accepted.remotePort() == second.localPort(); });
    there = true;
  }
  if (there) {
    parent.accepted.write(std::string(much, 'x'));
    parent.accepted.end();
  }
  int code = 0;
  try {
    run_until(*parent.loop, [&] { return child == 0 || (there ? received == much : heard.size() >= 4); });
    // what would come twice comes before this
    if (!there) second.write(" and more"), run_until(*parent.loop, [&] { return heard.size() >= 13; });
  } catch (const net::Error& error) {
    code = error.name() == "ERR_INVALID_STATE" ? 7 : 8;
  }
  if (child == 0) {
    parent.loop.reset();
    ::_exit(code);
  }
  CHECK(ended(child) == 7);
  if (there) CHECK(received == much);
  if (!there) CHECK(heard == "once and more");
}

TEST_CASE("S31.2: run() of a parent's loop throws in a child, and says what to call") {
  net::Loop loop;
  loop.setTimeout([] {}, 1);
  CHECK(in_child([&] {
          int told = 0;
          for (const bool once : {true, false}) {
            try {
              if (once) {
                loop.runOnce(0);
              } else {
                loop.run();
              }
            } catch (const net::Error& error) {
              const std::string text = error.what();
              told += error.name() == "ERR_INVALID_STATE" && text.find("afterFork()") != std::string::npos;
            }
          }
          return told;
        }) == 2);
  run_to_the_end(loop);
}

TEST_CASE("S31.2: a loop that is made in a child needs nothing") {
  net::Loop loop;
  CHECK(in_child([] {
          net::Loop own;
          const net::Server server(own);
          int connections = 0;
          server.on<"connection">([&](const net::Socket& socket) {
            ++connections;
            socket.end("hello");
            server.close();
          });
          server.listen(0);
          std::string heard;
          const net::Socket client(own);
          client.on<"data">([&](net::Chunk chunk) { heard += chunk; });
          client.connect(server.address()->port, "127.0.0.1");
          own.run();
          return connections == 1 && heard == "hello" ? 0 : 1;
        }) == 0);
}

TEST_CASE("S31.2: after afterFork() a child's loop works: what is open, timers, ticks, immediates, lookups, signals") {
  Parent parent;
  int ticks = 0;
  std::string told;
  parent.loop->nextTick([&] { ++ticks; });
  parent.loop->setTimeout([&] { told += "timer "; }, 1);
  parent.loop->setImmediate([&] { told += "immediate "; });
  const net::Signal signal = parent.loop->onSignal(SIGUSR2, [&] { told += "signal "; });
  const net::Socket asks(*parent.loop);
  std::string lookup;
  asks.on<"error">([] {});
  asks.on<"lookup">([&](const net::Error& error) { lookup = error ? "failed" : "found"; });
  asks.connect({.port = 1, .host = "localhost"});
  const pid_t child = ::fork();
  if (child == 0) {
    parent.loop->afterFork();
    parent.loop->afterFork();
    ::raise(SIGUSR2);
    bool visited = false;
    parent.local.on<"connection">([&](const net::Socket& socket) { visited = true, socket.destroy(); });
    net::Socket visitor(*parent.loop);
    visitor.on<"error">([] {});
    visitor.connect(parent.path);
    // the child uses the connection, the parent does not meanwhile
    parent.client.write("from the child");
    run_until(*parent.loop, [&] {
      return visited && ticks == 1 && told.find("timer") != told.npos && told.find("immediate") != told.npos &&
             told.find("signal") != told.npos && lookup == "found" && parent.heard == "from the child";
    });
    parent.loop.reset();
    ::_exit(42);
  }
  CHECK(ended(child) == 42);
  CHECK(told.find("signal") == told.npos);
  run_until(*parent.loop, [&] { return lookup == "found"; });
  signal.close();
  parent.works();
}

TEST_CASE("S31.2: afterFork() gives a loop to the thread that has forked, whose it was not before") {
  net::Loop loop;
  int turns = 0, status = -1;
  const net::Timer often = loop.setInterval([&] { ++turns; }, 5);
  std::thread forks;
  loop.setTimeout(
      [&] {
        forks = std::thread([&] {
          status = in_child([&] {
            loop.afterFork();
            const int before = turns;
            net::setTimeout([] { net::Loop::current().stop(); }, 30);  // it is the current one
            loop.run();
            return turns > before ? 42 : 1;
          });
          loop.stop();
        });
      },
      10);
  loop.run();
  forks.join();
  often.close();
  CHECK(status == 42);
}

TEST_CASE("S31.3: lookups and worker pools start again in a child") {
  net::Loop loop;
  net::WorkerPool pool(1);
  const auto use = [&](net::Loop& on) {
    bool found = false, computed = false;
    const net::Socket socket(on);
    socket.on<"error">([] {});
    socket.on<"lookup">([&](const net::Error& error) { found = !error; });
    socket.connect({.port = 1, .host = "localhost"});
    pool.exec([] { return 6 * 7; }).then([&](int result) { computed = result == 42; });
    run_until(on, [&] { return found && computed; });
    socket.destroy();
    return found && computed;
  };
  CHECK(use(loop));
  CHECK(in_child([&] {
          net::Loop own;
          return use(own) ? 0 : 1;
        }) == 0);
  CHECK(use(loop));
}

TEST_CASE("S31.3: a child's lookups wait for no lock that a lookup of the parent held while it forked") {
  const auto look_up = [](net::Loop& on, int& answers) {
    const net::Socket socket(on);
    socket.on<"error">([] {});
    socket.on<"lookup">([&answers] { ++answers; });
    // whether an address is configured is asked under a lock of the C library
    socket.connect({.port = 1, .host = "localhost", .hints = AI_ADDRCONFIG});
  };
  net::Loop loop;
  for (int forks = 0; forks < 20; ++forks) {
    constexpr int at_once = 8;
    int answers = 0;
    for (int lookups = 0; lookups < at_once; ++lookups) look_up(loop, answers);
    for (int moment = 0; moment < forks; ++moment) ::sched_yield();  // a different one for each
    CHECK(in_child([&] {
            net::Loop own;
            int own_answers = 0;
            look_up(own, own_answers);
            run_until(own, [&] { return own_answers > 0; });
            return 42;
          }) == 42);
    run_until(loop, [&] { return answers >= at_once; });
    run_to_the_end(loop);
  }
}

TEST_CASE("S31.3: a job that ran while the process forked fails in a child that goes on; one that waited runs there") {
  net::Loop loop;
  net::WorkerPool pool(1);
  int begun[2], go[2];
  REQUIRE(::pipe(begun) == 0);
  REQUIRE(::pipe(go) == 0);
  std::string first, second;
  pool.exec([&] {
        char byte = 0;
        (void)!::write(begun[1], "x", 1);
        (void)!::read(go[0], &byte, 1);
        return 1;
      })
      .then([&](int) { first = "done"; }, [&](const net::Error& error) { first = error.name(); });
  pool.exec([] { return 2; }).then([&](int) { second = "done"; });
  char byte = 0;
  REQUIRE(::read(begun[0], &byte, 1) == 1);
  CHECK(in_child([&] {
          loop.afterFork();
          pool.exec([] {});
          loop.run();
          return first == "ABORT_ERR" && second == "done" ? 0 : 1;
        }) == 0);
  REQUIRE(::write(go[1], "x", 1) == 1);
  run_to_the_end(loop);
  CHECK(first == "done");
  CHECK(second == "done");
  for (const int end : {begun[0], begun[1], go[0], go[1]}) ::close(end);
}

TEST_CASE("S31.4: a signal that reaches a child is not told to the parent, and does what it did before") {
  net::Loop loop;
  int told = 0;
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  struct sigaction before{};
  REQUIRE(::sigaction(SIGUSR2, &ignored, &before) == 0);
  const net::Signal one = loop.onSignal(SIGUSR1, [&] { ++told; });
  const net::Signal two = loop.onSignal(SIGUSR2, [&] { ++told; });
  CHECK_MESSAGE(in_child([] { return ::raise(SIGUSR2), 5; }) == 5, "it was ignored before");
  CHECK_MESSAGE(in_child([] { return ::raise(SIGUSR1), 5; }) == -SIGUSR1, "it ended a process before");
  CHECK_MESSAGE(in_child([] {
                  int heard = 0;
                  net::Loop own;
                  const net::Signal mine = own.onSignal(SIGUSR1, [&] { ++heard; });
                  ::raise(SIGUSR1);
                  run_until(own, [&] { return heard == 1; });
                  return 6;
                }) == 6,
                "a child may listen itself");
  for (int turns = 0; turns < 5; ++turns) loop.runOnce(0);
  CHECK(told == 0);
  ::raise(SIGUSR1);
  run_until(loop, [&] { return told == 1; });
  one.close(), two.close();
  ::sigaction(SIGUSR2, &before, nullptr);
}

TEST_CASE("S31.5: commands that are started at any moment disturb no loop") {
  Parent parent;
  for (int round = 0; round < 3; ++round) {
    const int status = std::system("exit 3");
    CHECK(WEXITSTATUS(status) == 3);
    FILE* const command = ::popen("cat >/dev/null", "w");
    REQUIRE(command);
    // while the child holds what vfork() gave it, one of our descriptors goes
    net::Socket brief(*parent.loop);
    brief.connect(parent.path);
    brief.on<"error">([] {});
    brief.destroy();
    ::pclose(command);
    parent.works();
  }
}
