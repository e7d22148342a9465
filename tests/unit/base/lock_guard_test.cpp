#include <net/detail/base/lock_guard.hpp>

#include <doctest/doctest.h>

namespace {

struct Counted {
  int held = 0;
  void lock() { ++held; }
  void unlock() { --held; }
};

}  // namespace

TEST_CASE("a guard holds its lock as long as the scope lasts") {
  Counted lock;
  {
    const net::detail::LockGuard guard(lock);
    CHECK(lock.held == 1);
  }
  CHECK(lock.held == 0);
}
