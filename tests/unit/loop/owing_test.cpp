#include <net/detail/loop/owing.hpp>

#include <doctest/doctest.h>

#include <utility>

#include <net/detail/loop/core.hpp>

using namespace net::detail;

namespace {

/// A state that counts what it owes, and notes when it owes nothing more.
struct Debtor : Handle {
  static const Operations table;
  explicit Debtor(LoopCore& core) : Handle(core, table) {}
  void settle() { settled += --owed == 0; }
  void give_up() {}

  std::size_t owed = 0;
  int settled = 0;
  int steps = 0;
};

const Handle::Operations Debtor::table{[](Handle& handle) noexcept { delete static_cast<Debtor*>(&handle); },
                                       [](Handle&) noexcept {}};

}  // namespace

TEST_CASE("a step is owed until it has run, or is thrown away; moving it changes nothing") {
  LoopCore loop;
  const Ref<Debtor> debtor(new Debtor(loop));
  {
    OwedStep<Debtor> step{Owing<Debtor>(*debtor), [](Debtor& self) { ++self.steps; }};
    OwedStep<Debtor> moved = std::move(step);
    CHECK(debtor->owed == 1);
    moved();
    CHECK(debtor->steps == 1);
    CHECK(debtor->settled == 0);
    const OwedStepWith<Debtor, int> other{Owing<Debtor>(*debtor), [](Debtor& self, const int& by) { self.steps += by; },
                                          3};
    CHECK(debtor->owed == 2);
  }
  CHECK(debtor->owed == 0);
  CHECK(debtor->settled == 1);
  CHECK_MESSAGE(debtor->steps == 1, "what is thrown away does not run");
}
