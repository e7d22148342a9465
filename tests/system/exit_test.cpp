#include <net.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"
#include "tests/support/support.hpp"

using namespace tests;

namespace {

/// Runs `f` in a child process that then ends by exit(0), unless `f` ends it otherwise; how it ended.
template <class F>
int in_a_process(F&& f) {
  std::fflush(nullptr);  // or the child prints it as well
  const pid_t child = ::fork();
  if (child == 0) {
    f();
    std::exit(0);
  }
  REQUIRE(child > 0);
  return ended(child);
}

/// A connection of which one end is this test's.
struct Pair {
  Descriptor ours, theirs;
  Pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    ours = Descriptor(ends[0]), theirs = Descriptor(ends[1]);
  }
  /// Everything that comes until the end.
  std::string rest() {
    theirs.close();
    std::string all;
    char some[65536];
    for (ssize_t got; (got = ::read(ours.get(), some, sizeof some)) > 0;)
      all.append(some, static_cast<std::size_t>(got));
    return all;
  }
};

}  // namespace

TEST_CASE("S31.7: what write() has accepted is in the kernel when the process ends inside a listener") {
  Pair pair;
  send_raw(pair.ours, "go");
  const bool on_default = [] {
    bool on = false;
    SUBCASE("on the default loop") { on = true; }
    SUBCASE("on another loop") { on = false; }
    return on;
  }();
  CHECK(in_a_process([&] {
          std::unique_ptr<net::Loop> own;
          if (!on_default) own = std::make_unique<net::Loop>();
          net::Loop& loop = net::Loop::current();
          loop.afterFork();
          net::Socket socket(loop, {.fd = pair.theirs.release()});
          socket.on<"data">([](const net::Socket& self, net::Chunk) {
            self.write("last ");
            self.write("words");
            std::exit(3);
          });
          loop.run();
        }) == 3);
  CHECK(pair.rest() == "last words");
}

TEST_CASE("S31.7: the same at the end of main, and of the loop; what waits leaves as far as the kernel takes it") {
  Pair pair;
  constexpr int size = 4096;
  int small = size;
  REQUIRE(::setsockopt(pair.theirs.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
  bool destroyed = false;
  SUBCASE("main returns") {}
  SUBCASE("the loop is destroyed") { destroyed = true; }
  int full[2];
  REQUIRE(::pipe(full) == 0);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    auto loop = std::make_unique<net::Loop>();
    net::Socket socket(*loop, {.fd = pair.theirs.release()});
    // the buffer is full; then the other side makes space while nobody runs the loop
    while (socket.write(std::string(1000, 'a'))) {}
    socket.write("b");
    loop->runOnce(0);
    (void)!::write(full[1], "x", 1);
    char byte = 0;
    while (::recv(socket.nativeHandle(), &byte, 1, MSG_PEEK) < 1) {}
    if (destroyed) {
      loop.reset();
      ::_exit(0);
    }
    std::exit(0);
  }
  pair.theirs.close();
  ::close(full[1]);
  char byte = 0;
  REQUIRE(::read(full[0], &byte, 1) == 1);
  ::close(full[0]);
  // makes space, and says so
  std::string head(100000, '\0');
  const ssize_t got = ::recv(pair.ours.get(), head.data(), head.size(), MSG_DONTWAIT);
  REQUIRE(got > 0);
  send_raw(pair.ours, "x");
  std::string all = head.substr(0, static_cast<std::size_t>(got)) + pair.rest();
  CHECK(all.size() > static_cast<std::size_t>(got));
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("S31.7: small writes of a listener that throws leave with the exception") {
  Pair pair;
  send_raw(pair.ours, "go");
  net::Loop loop;
  net::Socket socket(loop, {.fd = pair.theirs.release()});
  socket.on<"data">([&] {
    socket.write("said before");
    throw 1;
  });
  CHECK_THROWS_AS(loop.run(), int);
  char text[32] = {};
  CHECK(::recv(pair.ours.get(), text, sizeof text - 1, MSG_DONTWAIT) == 11);
  CHECK(std::string(text) == "said before");
  socket.destroy();
  run_to_the_end(loop);
}

TEST_CASE("S9.13: exit() leaves no file of a server behind") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("s");
  bool inside = false;
  SUBCASE("inside a listener") { inside = true; }
  SUBCASE("at the end of main") {}
  CHECK(in_a_process([&] {
          net::Loop& loop = net::Loop::current();
          loop.afterFork();
          const net::Server server(loop);
          server.listen(path);
          struct stat status{};
          if (::stat(path.c_str(), &status) != 0) ::_exit(9);
          if (inside) loop.setImmediate([] { std::exit(4); });
          if (inside) loop.run();
          std::exit(4);
        }) == 4);
  struct stat status{};
  CHECK(::stat(path.c_str(), &status) != 0);
}

TEST_CASE("S31.8: loops of one thread may go in any order; the newest that is left is current") {
  net::Loop first;
  auto a = std::make_unique<net::Loop>(), b = std::make_unique<net::Loop>(), c = std::make_unique<net::Loop>();
  CHECK(&net::Loop::current() == c.get());
  b.reset();
  CHECK(&net::Loop::current() == c.get());
  a.reset();
  CHECK(&net::Loop::current() == c.get());
  c.reset();
  CHECK(&net::Loop::current() == &first);
  bool called = false;
  net::setTimeout([&] { called = true; }, 1);
  net::run();
  CHECK(called);
}

TEST_CASE("S31.9: a stop() is used up by the run() that returns for it, not by an exception") {
  net::Loop loop;
  const net::Timer timer = loop.setInterval([] {}, 1);
  loop.setTimeout(
      [&] {
        loop.stop();
        throw 1;
      },
      1);
  CHECK_THROWS_AS(loop.run(), int);
  int turns = 0;
  const net::Immediate counts = loop.setImmediate([&] { ++turns; });
  loop.run();
  CHECK_MESSAGE(turns == 0, "it was asked for before");
  loop.setTimeout([&] { loop.stop(); }, 1);
  loop.run();
  CHECK(turns == 1);
  timer.close();
  counts.close();
}

TEST_CASE("S31.9: a stopper outlives its loop") {
  net::Stopper stopper, none;
  none.stop();
  {
    net::Loop loop;
    stopper = loop.stopper();
    const net::Stopper copy = stopper;
    const net::Timer timer = loop.setInterval([] {}, 1);
    loop.setImmediate([copy] { copy.stop(); });
    loop.run();
    CHECK(loop.alive());
  }
  stopper.stop();
}

TEST_SUITE("threads") {
  TEST_CASE("S31.6: exit() in another thread disturbs no loop that runs") {
    for (int round = 0; round < 20; ++round) {
      CHECK(in_a_process([&] {
              net::Loop::current().afterFork();
              const net::Server server = net::createServer([](const net::Socket& socket) {
                socket.on<"error">([] {});
                socket.pipe(socket);
              });
              std::atomic<bool> busy{false};
              server.listen(0, "127.0.0.1", [&] {
                for (int i = 0; i < 10; ++i) {
                  const net::Socket client = net::connect(server.address()->port, "127.0.0.1");
                  client.on<"error">([] {});
                  client.on<"data">([&](const net::Socket& self, net::Chunk chunk) {
                    self.write(chunk);
                    busy = true;
                  });
                  client.write(std::string(20000, 'x'));
                }
              });
              std::thread([&] {
                while (!busy) std::this_thread::yield();
                std::exit(5);
              }).detach();
              net::run();
            }) == 5);
    }
  }

  TEST_CASE("S31.9: another thread may stop a loop that goes for this very reason") {
    for (int round = 0; round < 200; ++round) {
      std::atomic<net::Loop*> loop{nullptr};
      std::atomic<bool> with_stopper{round % 2 == 1};
      net::Stopper stopper;
      std::thread worker([&] {
        net::Loop own;
        const net::Timer busy = own.setInterval([] {}, 1);
        stopper = own.stopper();
        loop = &own;
        own.run();
      });
      while (!loop) std::this_thread::yield();
      if (with_stopper) {
        stopper.stop();
        stopper.stop();
      } else {
        loop.load()->stop();
      }
      worker.join();
      stopper.stop();
    }
  }

  TEST_CASE("S20.1: an abort() that comes while its signal is being attached is not lost") {
    net::Loop loop;
    std::atomic<const net::AbortController*> given{nullptr};
    std::atomic<bool> over{false};
    std::thread other([&] {
      while (!over) {
        if (const net::AbortController* controller = given.exchange(nullptr)) controller->abort();
      }
    });
    int lost = 0;
    for (int round = 0; round < 500; ++round) {
      const auto controller = std::make_unique<net::AbortController>();
      const net::AbortSignal signal = controller->signal();
      bool closed = false;
      given = controller.get();
      for (volatile int spin = round % 211; spin > 0;) spin = spin - 1;
      const net::Socket socket(loop, {.signal = signal});
      socket.on<"error">([] {});
      socket.on<"close">([&] { closed = true; });
      while (given.load() || !signal.aborted()) std::this_thread::yield();
      // what the other thread posts may come a little later: a message of ours comes behind it
      for (int turns = 0; turns < 1000 && !closed; ++turns) {
        loop.runOnce(0);
        std::this_thread::yield();
      }
      lost += !closed;
      socket.destroy();
      run_to_the_end(loop);
    }
    over = true;
    other.join();
    CHECK(lost == 0);
  }
}

#endif
