#include <net/loop.hpp>

#include <doctest/doctest.h>

#include <poll.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/session.hpp"

using namespace tests;

TEST_CASE("S2.2: ticks run after each callback, before the loop does anything else") {
  net::Loop loop;
  Log log;
  loop.setImmediate([&] {
    log.add("immediate1");
    loop.nextTick([&] { log.add("tick1"); });
  });
  loop.setImmediate([&] {
    log.add("immediate2");
    loop.nextTick([&] { log.add("tick2"); });
  });
  run_to_the_end(loop);
  CHECK(log.text() == "immediate1 tick1 immediate2 tick2");
}

TEST_CASE("S2.3: a tick queued by a tick runs in the same drain") {
  net::Loop loop;
  Log log;
  loop.setImmediate([&] {
    loop.nextTick([&] {
      log.add("first");
      loop.nextTick([&] { log.add("inner"); });
    });
    loop.nextTick([&] { log.add("second"); });
  });
  loop.setImmediate([&] { log.add("immediate"); });
  run_to_the_end(loop);
  CHECK(log.text() == "first second inner immediate");
}

TEST_CASE("S2.4: ticks that the program queued run first when the loop is entered") {
  net::Loop loop;
  Log log;
  loop.setImmediate([&] { log.add("immediate"); });
  loop.nextTick([&] { log.add("tick"); });
  CHECK(log.text().empty());
  run_to_the_end(loop);
  CHECK(log.text() == "tick immediate");
}

TEST_CASE("S2.5: an immediate made inside an immediate waits for the next turn") {
  net::Loop loop;
  Log log;
  loop.setImmediate([&] {
    log.add("1");
    loop.setImmediate([&] { log.add("3"); });
  });
  loop.setImmediate([&] { log.add("2"); });
  loop.runOnce(0);
  CHECK(log.text() == "1 2");
  run_to_the_end(loop);
  CHECK(log.text() == "1 2 3");
}

TEST_CASE("S2.5: from an I/O callback an immediate comes before a timer") {
  net::Loop loop;
  Log log;
  const OneConnection one(loop);
  one.server.on<"connection">([&](const net::Socket& socket) {
    loop.setTimeout([&] { log.add("timer"); }, 0);
    loop.setImmediate([&] { log.add("immediate"); });
    socket.destroy();
  });
  const net::Socket client = client_of(loop, one.server);
  client.on<"error">([] {});  // reset or ended: either may come
  run_to_the_end(loop);
  CHECK(log.text() == "immediate timer");
}

TEST_CASE("S2.9: a loop with nothing to do ends at once") {
  net::Loop loop;
  CHECK_FALSE(loop.alive());
  run_to_the_end(loop);
  CHECK_FALSE(loop.runOnce());
}

TEST_CASE("S2.13: an exception leaves run(), what was queued runs first when it is called again") {
  net::Loop loop;
  Log log;
  loop.setImmediate([&] {
    loop.nextTick([&] { log.add("tick"); });
    log.add("throws");
    throw std::runtime_error("no");
  });
  loop.setImmediate([&] { log.add("next"); });
  CHECK_THROWS_AS(loop.run(), std::runtime_error);
  CHECK(log.text() == "throws");
  run_to_the_end(loop);
  CHECK(log.text() == "throws tick next");
}

TEST_CASE("S2.13: an exception in a tick leaves the ticks behind it for the next run") {
  net::Loop loop;
  Log log;
  loop.nextTick([] { throw 1; });
  loop.nextTick([&] { log.add("second"); });
  CHECK_THROWS_AS(loop.run(), int);
  run_to_the_end(loop);
  CHECK(log.text() == "second");
}

TEST_CASE("S2.13: running a loop from one of its own callbacks is refused") {
  net::Loop loop;
  net::Error error;
  loop.setImmediate([&] { error = error_of([&] { loop.run(); }); });
  run_to_the_end(loop);
  CHECK(error.code() == net::Errc::ERR_INVALID_STATE);
}

TEST_CASE("a loop is its thread's current one until it is destroyed, and they nest") {
  net::Loop outer;
  CHECK(&net::Loop::current() == &outer);
  {
    net::Loop inner;
    CHECK(&net::Loop::current() == &inner);
    bool done = false;
    net::setImmediate([&] { done = true; });
    net::run();
    CHECK(done);
  }
  CHECK(&net::Loop::current() == &outer);
}

TEST_CASE("stop() ends run() after the present turn, and run() can go on") {
  net::Loop loop;
  int turns = 0;
  net::Timer timer;
  timer = loop.setInterval(
      [&] {
        ++turns;
        loop.stop();
      },
      1);
  loop.run();
  CHECK(turns == 1);
  loop.run();
  CHECK(turns == 2);
  timer.close();
  run_to_the_end(loop);
}

TEST_CASE("runOnce waits no longer than it may, and says whether anything is left") {
  net::Loop loop;
  const net::Timer timer = loop.setTimeout([] { FAIL("not that late"); }, 1000000);
  CHECK(loop.runOnce(0));
  CHECK(loop.runOnce(std::chrono::milliseconds(1)));
  timer.close();
  CHECK_FALSE(loop.runOnce());
}

TEST_CASE("S31.9: runOnce gives false for a stop(), whenever it came, and uses it up") {
  net::Loop loop;
  int turns = 0;
  const net::Timer each = loop.setInterval([&] {
    if (++turns == 3) loop.stop();
  });
  while (loop.runOnce()) {}
  CHECK(turns == 3);
  loop.stop();
  CHECK_FALSE(loop.runOnce());
  CHECK(loop.runOnce(0));
  const net::Immediate fails = loop.setImmediate([&] {
    loop.stop();
    throw net::Error("mine");
  });
  CHECK(error_of([&] {
          while (loop.runOnce()) {}
        }).what() == std::string("mine"));
  CHECK_MESSAGE(!loop.runOnce(0), "an exception does not use it up");
  CHECK(loop.runOnce(0));
  each.close();
  run_to_the_end(loop);
}

TEST_CASE("runOnce does not wait for more when something was to be done before the poll") {
  net::Loop loop;
  const net::Timer open = loop.setInterval([] {}, 1000000);
  bool done = false;
  loop.nextTick([&] { done = true; });
  loop.runOnce();
  CHECK(done);
  net::Socket(loop).destroy().once<"close">([&] { done = false; });
  loop.runOnce();
  CHECK_FALSE(done);
  open.close();
  run_to_the_end(loop);
}

TEST_CASE("nextTimeout is empty with nothing to do, 0 with a tick, and the time to the next timer") {
  net::Loop loop;
  CHECK_FALSE(loop.nextTimeout().has_value());
  const net::Timer timer = loop.setTimeout([] {}, 100000);
  REQUIRE(loop.nextTimeout().has_value());
  CHECK(loop.nextTimeout()->milliseconds() > 0);
  CHECK(loop.nextTimeout()->milliseconds() <= 100000);
  loop.nextTick([] {});
  CHECK(loop.nextTimeout()->milliseconds() == 0);
  timer.close();
  run_to_the_end(loop);
}

TEST_CASE("backendHandle becomes readable when the loop has something to do") {
  net::Loop loop;
  if (loop.backendHandle() < 0) {
    MESSAGE("left out: this poller has no descriptor that stands for all");
    return;
  }
  bool ran = false;
  std::thread([&] { loop.post([&] { ran = true; }); }).join();
  pollfd ready{loop.backendHandle(), POLLIN, 0};
  CHECK(::poll(&ready, 1, -1) == 1);
  loop.runOnce(0);
  CHECK(ran);
}

TEST_SUITE("threads") {
  TEST_CASE("post runs callbacks on the loop's thread, each once, those of one thread in order") {
    net::Loop loop;
    constexpr int threads = 4, posts = 500;
    std::vector<int> last(threads, -1);
    int received = 0;
    const auto here = std::this_thread::get_id();
    const net::Timer open = loop.setInterval([] {}, 1000000);
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
      running.emplace_back([&loop, &last, &received, &open, here, t] {
        for (int i = 0; i < posts; ++i) {
          loop.post([&last, &received, &open, here, t, i] {
            CHECK(std::this_thread::get_id() == here);
            CHECK(last[static_cast<std::size_t>(t)] == i - 1);
            last[static_cast<std::size_t>(t)] = i;
            if (++received == threads * posts) open.close();
          });
        }
      });
    }
    loop.run();
    for (std::thread& thread : running) thread.join();
    CHECK(received == threads * posts);
    CHECK_FALSE(loop.alive());
  }

  TEST_CASE("stop from another thread wakes a loop that waits") {
    net::Loop loop;
    const net::Timer open = loop.setInterval([] {}, 1000000);
    std::thread stopper;
    loop.setImmediate([&] { stopper = std::thread([&] { loop.stop(); }); });
    loop.run();
    stopper.join();
    CHECK(loop.alive());
    open.close();
    run_to_the_end(loop);
  }

  TEST_CASE("a posted callback may throw, and those behind it run later") {
    net::Loop loop;
    bool second = false;
    std::thread([&] {
      loop.post([] { throw 1; });
      loop.post([&] { second = true; });
    }).join();
    CHECK_THROWS_AS(loop.run(), int);
    CHECK_FALSE(second);
    run_to_the_end(loop);
    CHECK(second);
  }

  TEST_CASE("loops of different threads run side by side") {
    const auto work = [] {
      net::Loop loop;
      std::string heard;
      const OneConnection one(loop);
      one.server.on<"connection">([](const net::Socket& socket) { socket.end("hello"); });
      client_of(loop, one.server).on<"data">([&](net::Chunk chunk) { heard += chunk; });
      loop.run();
      return heard;
    };
    std::string first, second;
    std::thread one([&] { first = work(); }), two([&] { second = work(); });
    one.join();
    two.join();
    CHECK(first == "hello");
    CHECK(second == "hello");
  }

  TEST_CASE("a thread without a loop of its own gets an error that says so") {
    net::Loop mine;
    (void)net::Loop::current();
    net::Error error;
    std::thread([&] {
      // whoever asks first has the default loop: a second thread must not get it
      std::thread([] { (void)error_of([] { net::Loop::current(); }); }).join();
      error = error_of([] { net::Loop::current(); });
    }).join();
    CHECK(error.code() == net::Errc::ERR_NO_LOOP);
  }
}
