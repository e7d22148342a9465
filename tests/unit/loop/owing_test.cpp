#include <net/detail/loop/owing.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <utility>

using net::detail::Owing;

namespace {

struct State {
  std::size_t owed = 0;
  std::size_t owners = 1;
  int settled = 0;
  void retain() noexcept { ++owners; }
  void release() noexcept { --owners; }
  void settle() noexcept {
    --owed;
    ++settled;
  }
};

}  // namespace

TEST_CASE("as long as something is owed it is counted, and its state is kept") {
  State state;
  {
    Owing<State> first(state);
    const Owing<State> second(state);
    CHECK(state.owed == 2);
    CHECK(state.owners == 3);
    const Owing<State> moved(std::move(first));
    CHECK(state.owed == 2);
    CHECK(state.settled == 0);
  }
  CHECK(state.owed == 0);
  CHECK(state.settled == 2);
  CHECK(state.owners == 1);
}
