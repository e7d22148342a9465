#include <net/detail/loop/handle.hpp>

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#include <net/detail/loop/core.hpp>
#include <net/detail/loop/owing.hpp>

using namespace net::detail;

namespace {

/// A handle that counts how many of it there are, and notes the steps it takes.
struct Noted : Handle {
  static const Operations table;

  Noted(LoopCore& core, int& count) : Handle(core, table), alive(count) { ++alive; }
  ~Noted() { --alive; }

  void settle() noexcept { --owed; }

  int& alive;
  std::string steps;
  std::size_t owed = 0;
};

const Handle::Operations Noted::table{[](Handle& handle) noexcept { delete static_cast<Noted*>(&handle); },
                                      [](Handle&) noexcept {}};

// What a queue holds by the thousand moves as bytes, and stands in a Function without memory of its own.
static_assert(moves_as_bytes<Step<Noted>> && sizeof(Step<Noted>) <= 3 * sizeof(void*));
static_assert(moves_as_bytes<OwedStepWith<Noted, std::size_t>> && !moves_as_bytes<OwedStepWith<Noted, std::string>>);

}  // namespace

TEST_CASE("a step keeps its handle until it was taken, and gives it what was to be remembered") {
  int alive = 0;
  LoopCore loop;
  const Noted* noted = nullptr;
  std::string seen;
  {
    const Ref<Noted> handle(new Noted(loop, alive));
    noted = handle.get();
    loop.ticks().push(Step<Noted>{handle, [](Noted& self) { self.steps += "plain "; }});
    loop.ticks().push(OwedStepWith<Noted, std::string>{
        Owing<Noted>(*handle), [](Noted& self, const std::string& what) { self.steps += what; }, "with"});
  }
  CHECK(alive == 1);
  loop.ticks().push([&] { seen = noted->steps; });
  // the last step goes after the tick that looks: it holds the handle too
  loop.ticks().push(Step<Noted>{Ref<Noted>(const_cast<Noted*>(noted)), [](Noted&) {}});
  loop.drain_ticks();
  CHECK(seen == "plain with");
  CHECK(alive == 0);
}

TEST_CASE("a job runs in its phase, and holds its handle until then") {
  int alive = 0;
  LoopCore loop;
  loop.next_close(
      {Ref<Handle>(new Noted(loop, alive)), [](Handle& handle) { static_cast<Noted&>(handle).steps = "closed"; }});
  CHECK(alive == 1);
  loop.run_once(0);
  CHECK(alive == 0);
}
