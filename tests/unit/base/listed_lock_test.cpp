#include <net/detail/base/listed_lock.hpp>

#include <doctest/doctest.h>

#include <memory>

using namespace net::detail;

namespace {

struct Counted : ListedLock<Counted> {
  void lock() noexcept { ++held; }
  void unlock() noexcept { --held; }
  static void pause() noexcept {}
  int held = 0;
};

}  // namespace

TEST_CASE("all locks of a kind are taken together, and those that have gone are not") {
  Counted first;
  auto second = std::make_unique<Counted>();
  Counted third;
  Counted::lock_all();
  CHECK(first.held + second->held + third.held == 3);
  Counted::unlock_all();
  CHECK(first.held + second->held + third.held == 0);
  second.reset();
  Counted::lock_all();
  CHECK(first.held == 1);
  CHECK(third.held == 1);
  Counted::unlock_all();
}
