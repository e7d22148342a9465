#include <net/detail/events/event.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <type_traits>

#include "tests/support/emitting.hpp"

using namespace net::detail;
using namespace tests;

namespace {

struct Emitting {};
using Events = EventTable<Event<"data", std::string, int>, Event<"end">, Event<"error", const std::string>>;

// ── which arguments a listener takes ──

struct A {};
struct B {};

template <class F, class... Args>
constexpr int count_of = leading_count<F>(TypeList<>{}, TypeList<Args...>{});

using Both = Taken<void (*)(A&, B&), Emitting, A, B>;
using First = Taken<void (*)(A&), Emitting, A, B>;
using Nothing = Taken<void (*)(), Emitting, A, B>;
using WithSelf = Taken<void (*)(Emitting&, A&, B&), Emitting, A, B>;
using OnlySelf = Taken<void (*)(const Emitting&), Emitting, A, B>;
using Wrong = Taken<void (*)(B&), Emitting, A, B>;
using TooMany = Taken<void (*)(A&, B&, int), Emitting, A, B>;
static_assert(Both::any && !Both::self && Both::count == 2);
static_assert(First::any && !First::self && First::count == 1);
static_assert(Nothing::any && !Nothing::self && Nothing::count == 0);
static_assert(WithSelf::any && WithSelf::self && WithSelf::count == 2);
static_assert(OnlySelf::any && OnlySelf::self && OnlySelf::count == 0);
static_assert(!Wrong::any && !TooMany::any);
static_assert(count_of<decltype([](auto&&...) {}), A, B> == 2, "a listener of anything takes all");
static_assert(count_of<decltype([](A, auto...) {}), A, B> == 2);
static_assert(Taken<decltype([](auto&&...) {}), Emitting, A, B>::self == false,
              "and not the emitter, which it did not ask for");

// ── the table of events ──

static_assert(Events::index_of("data") == 0 && Events::index_of("error") == 2);
static_assert(Events::index_of("nothing") == 3 && Events::index_of("") == 3 && Events::index_of("dat") == 3);
static_assert(Events::has<"end"> && !Events::has<"End"> && !Events::has<"ende">);
static_assert(std::is_same_v<EventAt<Events, 1>::type, Event<"end">>);

}  // namespace

TEST_CASE("a listener takes the arguments, the first few, or the emitter and then those") {
  Thing::State state;
  Thing thing(state);
  int sum = 0;
  thing.on<"a">([&](int value) { sum += value; });
  thing.on<"a">([&](Thing& self, int value) { sum += &self.state() == &state ? 10 * value : 0; });
  thing.on<"a">([&](const Thing&) { sum += 100; });
  thing.on<"a">([&](auto... values) { sum += static_cast<int>(sizeof...(values)) * 1000; });
  thing.fire_a(3);
  CHECK(sum == 3 + 30 + 100 + 1000);
}

TEST_CASE("a capture may be aligned as it likes, and as large") {
  Thing::State state;
  Thing thing(state);
  struct alignas(64) Aligned {
    int value = 3;
  };
  struct Large {
    char bytes[200000] = {};
  };
  long double precise = 1;
  int sum = 0;
  const auto on_its_border = [](const auto& captured) {
    return reinterpret_cast<std::uintptr_t>(&captured) % alignof(std::decay_t<decltype(captured)>) == 0;
  };
  thing.on<"a">([&sum, precise, on_its_border] { sum += on_its_border(precise) ? 1 : 1000; });
  thing.on<"a">([&sum, wide = Aligned(), on_its_border] { sum += on_its_border(wide) ? wide.value : 1000; });
  thing.once<"a">([&sum, large = Large()] { sum += large.bytes[199999] == 0 ? 10 : 1000; });
  thing.fire_a(0);
  CHECK(sum == 14);
}
