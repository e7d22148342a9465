#include <net/detail/sys/machine.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>

using namespace net::detail;

namespace {

#define NET_TESTS_TEXT_NOW(name) #name
#define NET_TESTS_TEXT(name) NET_TESTS_TEXT_NOW(name)
constexpr std::string_view chosen = NET_TESTS_TEXT(NET_POLLER);
constexpr std::string_view machine = NET_TESTS_TEXT(NET_MACHINE);

/// What the linker calls the type.
template <class T>
bool is_named(std::string_view part) {
  return std::string_view(typeid(T).name()).find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("the machine has the poller that was asked for, or the system's best one") {
  static_assert(CompleteMachine<Machine>);
  static_assert(std::is_same_v<Machine::Poller, NET_JOIN(NET_POLLER, _poller)>);
  CHECK((chosen == "epoll" || chosen == "kqueue" || chosen == "poll" || chosen == "port"));
}

TEST_CASE("the choice is part of the names of all types above: files that were built otherwise share no object") {
  CHECK(machine == "on_" + std::string(chosen));
  CHECK(is_named<Machine>(machine));
  static_assert(std::is_same_v<Machine, net::detail::NET_MACHINE::Machine>);
  CHECK_FALSE_MESSAGE(is_named<Machine::Channel>(machine), "what does not depend on it is one for all");
}

TEST_CASE("the machine's clock goes forward only") {
  std::uint64_t last = Machine::now_ns();
  CHECK(last > 0);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = Machine::now_ns();
    REQUIRE(now >= last);
    last = now;
  }
}
