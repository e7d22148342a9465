#include <net/detail/loop/core.hpp>

#include <doctest/doctest.h>

#include <net/detail/loop/fork.ipp>
#include <net/detail/loop/turn.ipp>

#include <cstring>
#include <string>
#include <utility>

#include "tests/support/noted.hpp"

using namespace net::detail;
using tests::Noted;

namespace {

/// Calls a function when it is destroyed, as something that a user captured may.
template <class F>
class AtItsEnd {
 public:
  explicit AtItsEnd(F f) : f_(std::move(f)) {}
  AtItsEnd(AtItsEnd&& other) noexcept : f_(other.f_), armed_(std::exchange(other.armed_, false)) {}
  ~AtItsEnd() {
    if (armed_) f_();
  }
  void operator()() const {}

 private:
  F f_;
  bool armed_ = true;
};

}  // namespace

TEST_CASE("a handle that outlives its loop is abandoned once, and freed by its last owner") {
  std::string log;
  Ref<Noted> kept;
  {
    LoopCore loop;
    kept = Ref<Noted>(new Noted(loop, log));
    { const Ref<Noted> short_lived(new Noted(loop, log)); }
    CHECK(log == "freed ");
    log.clear();
  }
  CHECK(log == "abandoned ");
  CHECK(kept->loop == nullptr);
  kept = {};
  CHECK(log == "abandoned freed ");
}

TEST_CASE("handles that are made while their loop is being destroyed are abandoned like the others") {
  std::string log;
  Ref<Noted> first, late, later;
  Ref<TimerState> timer;
  {
    LoopCore loop;
    first = Ref<Noted>(new Noted(loop, log));
    first->given = AtItsEnd([&] {
      late = Ref<Noted>(new Noted(loop, log));
      late->given = AtItsEnd([&] { later = Ref<Noted>(new Noted(loop, log)); });
      timer = Ref<TimerState>(new TimerState(loop));
      loop.start_timer(*timer, 1000, loop.now());
      const Ref<Noted> gone_at_once(new Noted(loop, log));
    });
  }
  REQUIRE(late);
  REQUIRE(later);
  CHECK(log == "abandoned freed abandoned abandoned ");
  for (const Handle* handle :
       {static_cast<Handle*>(late.get()), static_cast<Handle*>(later.get()), static_cast<Handle*>(timer.get())}) {
    CHECK(handle->loop == nullptr);
    CHECK(handle->owners == 1);
  }
  CHECK_FALSE(timer->queued());
}

TEST_CASE(
    "what a tick, an immediate, a timer or a posted callback held may make handles and ticks as it goes with the "
    "loop") {
  std::string log;
  Ref<Noted> kept[4];
  {
    LoopCore loop;
    const auto make = [&](int which) {
      return AtItsEnd([&loop, &log, &kept, which] {
        kept[which] = Ref<Noted>(new Noted(loop, log));
        loop.ticks().push(AtItsEnd([&log] { log += "tick "; }));
      });
    };
    loop.ticks().push(make(0));
    const Ref<ImmediateState> immediate(new ImmediateState(loop));
    immediate->callback = make(1);
    loop.next_immediate(immediate);
    const Ref<TimerState> timer(new TimerState(loop));
    timer->callback = make(2);
    loop.start_timer(*timer, 1000, loop.now());
    loop.mailbox().post(make(3));
  }
  for (const Ref<Noted>& each : kept) {
    REQUIRE(each);
    CHECK(each->loop == nullptr);
  }
  std::size_t ticks = 0;
  for (std::size_t at = log.find("tick"); at != std::string::npos; at = log.find("tick", at + 1)) ++ticks;
  CHECK(ticks == 4);
}

TEST_CASE("a mailbox outlives its loop, and says that a callback was posted too late") {
  Mailbox* mailbox = nullptr;
  int read = 0;
  {
    LoopCore loop;
    mailbox = &loop.mailbox();
    mailbox->retain();
    CHECK_FALSE(loop.alive());
    CHECK(mailbox->post([&read] { ++read; }));
    CHECK_MESSAGE(loop.alive(), "a posted callback keeps the loop alive until it has run");
    loop.run();
    CHECK(read == 1);
    CHECK(mailbox->post([&read] { ++read; }));
  }
  CHECK_FALSE(mailbox->post([&read] { ++read; }));
  CHECK(read == 1);
  mailbox->release();
}

TEST_CASE("the cork: only inside a callback, one owner at a time, left when the callback has returned") {
  static std::string sent;
  static LoopCore* here;
  sent.clear();
  const auto flush = [](Handle&) noexcept {
    sent.append(here->batch_data(), here->batch_size()).append("|");
    here->forget_batch();
  };
  std::string log;
  LoopCore loop;
  here = &loop;
  const Ref<Noted> one(new Noted(loop, log)), two(new Noted(loop, log));
  const auto put = [&](Noted& owner, std::string_view text) {
    char* const space = loop.batch_for(owner, flush, text.size());
    REQUIRE(space);
    std::memcpy(space, text.data(), text.size());
  };
  CHECK(loop.batch_for(*one, flush, 1) == nullptr);
  loop.run_callback([&] {
    put(*one, "a");
    put(*one, "b");
    CHECK(loop.batched_by(*one));
    CHECK_MESSAGE(loop.batch_if_free(*two, flush, 1) == nullptr, "the first owner's bytes have to leave before");
    put(*two, "c");
    CHECK(sent == "ab|");
    CHECK_MESSAGE(loop.batch_for(*two, flush, LoopCore::batch_capacity) == nullptr,
                  "it does not fit behind what is there");
    CHECK(loop.batch_size() == 1);
    loop.run_callback([&] { put(*two, "d"); });
    CHECK_MESSAGE(sent == "ab|", "a callback inside of a callback is no end");
    loop.ticks().push([&] { put(*one, "tick"); });
  });
  CHECK(sent == "ab|cd|tick|");
  CHECK(loop.batch_size() == 0);
}
