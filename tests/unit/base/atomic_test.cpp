#include <net/detail/base/atomic.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <thread>

using net::detail::Atomic;

TEST_CASE("an atomic gives the value that was there before it was changed") {
  Atomic<int> number;
  CHECK(number.load() == 0);
  CHECK(number.exchange(5) == 0);
  CHECK(number.fetch_add(3) == 5);
  CHECK(number.fetch_sub(10) == 8);
  CHECK(number.load() == -2);
  number.store(1);
  CHECK(number.load() == 1);
  constinit static Atomic<std::size_t> before_main{7};
  CHECK(before_main.fetch_sub(8) == 7);
  CHECK(before_main.load() == static_cast<std::size_t>(-1));
}

TEST_SUITE("threads") {
  TEST_CASE("no step of one thread is lost among those of another") {
    Atomic<std::size_t> count{0};
    const auto add = [&count] {
      for (int i = 0; i < 20000; ++i) count.fetch_add(3), count.fetch_sub(1);
    };
    std::thread other(add);
    add();
    other.join();
    CHECK(count.load() == 80000);
  }

  TEST_CASE("what a thread did before it set a flag is seen by whoever sees the flag") {
    int given = 0;
    Atomic<int> ready{0};
    std::thread other([&] {
      given = 42;
      ready.store(1);
    });
    while (ready.load() == 0) std::this_thread::yield();
    CHECK(given == 42);
    other.join();
  }
}
