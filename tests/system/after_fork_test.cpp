#include <net.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <netdb.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <string>
#include <thread>

#include "tests/support/count_allocations.hpp"
#include "tests/support/forking.hpp"
#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S31.2: run() of a parent's loop throws in a child, and says what to call") {
  net::Loop loop;
  loop.setTimeout([] {}, 1);
  CHECK(in_child([&] {
          int calls = 0;
          for (const bool once : {true, false}) {
            try {
              if (once) {
                loop.runOnce(0);
              } else {
                loop.run();
              }
            } catch (const net::Error& error) {
              const std::string text = error.what();
              calls += error.name() == "ERR_INVALID_STATE" && text.find("afterFork()") != std::string::npos;
            }
          }
          return calls;
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
  std::string emitted;
  parent.loop->nextTick([&] { ++ticks; });
  parent.loop->setTimeout([&] { emitted += "timer "; }, 1);
  parent.loop->setImmediate([&] { emitted += "immediate "; });
  const net::Signal signal = parent.loop->onSignal(SIGUSR2, [&] { emitted += "signal "; });
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
      return visited && ticks == 1 && emitted.find("timer") != emitted.npos &&
             emitted.find("immediate") != emitted.npos && emitted.find("signal") != emitted.npos && lookup == "found" &&
             parent.heard == "from the child";
    });
    parent.loop.reset();
    ::_exit(42);
  }
  CHECK(ended(child) == 42);
  CHECK(emitted.find("signal") == emitted.npos);
  run_until(*parent.loop, [&] { return lookup == "found"; });
  signal.close();
  parent.works();
}

TEST_CASE("S31.2, S32.5: afterFork() without memory has done nothing, and can be called again") {
  net::Loop loop;
  net::WorkerPool pool(1);
  std::string told;
  std::atomic<bool> begun = false, enough = false;
  for (int i = 0; i < 40; ++i) {
    pool.exec([&] {
          begun = true;
          while (!enough) std::this_thread::yield();
        })
        .then([] {}, [&](const net::Error& error) { told = error.name(); });
  }
  while (!begun) std::this_thread::yield();
  CHECK(in_child([&] {
          int failed = 0;
          for (int n = 1; n < 20; ++n) {
            const FailingAllocation failing(n);
            try {
              loop.afterFork();
              break;
            } catch (const std::bad_alloc&) {
              ++failed;
            }
          }
          enough = true;
          bool again = false;
          loop.setTimeout([&] { again = true; }, 1);
          run_until(loop, [&] { return again && told == "ABORT_ERR"; });
          return failed;
        }) >= 2);
  enough = true;
  run_to_the_end(loop);
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

#endif
