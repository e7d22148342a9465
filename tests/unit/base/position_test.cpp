#include <net/detail/base/position.hpp>

#include <doctest/doctest.h>

#include <csignal>
#include <cstdint>

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

enum class Door : std::uint8_t { open, closed, locked };

constexpr bool is_step(Door from, Door to) noexcept { return from != to && (from != Door::open || to != Door::locked); }

using Place = net::detail::Position<Door>;

static_assert(sizeof(Place) == sizeof(Door));
static_assert(Place() == Door::open && Place(Door::locked) == Door::locked);

}  // namespace

TEST_CASE("a position moves by allowed steps, and starts over by the assignment of a fresh one") {
  Place place;
  place.move_to(Door::closed);
  place.move_to(Door::locked);
  CHECK(place == Door::locked);
  place = Place();
  CHECK(place == Door::open);
}

#if !defined(NDEBUG) && !defined(_WIN32)
TEST_CASE("a step that is not allowed ends the program in a build without NDEBUG") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    ::close(STDERR_FILENO);
    Place place;
    place.move_to(Door::locked);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
}
#endif
