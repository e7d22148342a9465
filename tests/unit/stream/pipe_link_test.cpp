#include <net/detail/stream/pipe_link.hpp>

#include <doctest/doctest.h>

using namespace net::detail;

namespace {

/// A link that counts what is done to it.
struct Noted : PipeLink {
  static const Operations table;
  explicit Noted(int& count) : PipeLink(table), taken_off(&count) {}
  int* taken_off;
  bool closes = true;
  bool is_gone = false;
};

const PipeLink::Operations Noted::table{
    [](PipeLink& link) noexcept { ++*static_cast<Noted&>(link).taken_off; },
    [](PipeLink&, const void*) {},
    [](const PipeLink& link) noexcept { return static_cast<const Noted&>(link).closes; },
    [](const PipeLink&, const void*) noexcept { return false; },
    [](const PipeLink& link) noexcept { return static_cast<const Noted&>(link).is_gone; },
    [](PipeLink& link) noexcept { delete static_cast<Noted*>(&link); },
};

}  // namespace

TEST_CASE("S24.3: a source waits as long as one of its destinations has to drain") {
  int taken_off = 0;
  Pipes pipes;
  auto* first = new Noted(taken_off);
  auto* second = new Noted(taken_off);
  pipes.add(Ref<PipeLink>(first));
  CHECK_FALSE(pipes.await_drain());
  CHECK_FALSE(pipes.counts_drains());
  pipes.add(Ref<PipeLink>(second));
  CHECK(pipes.counts_drains());
  pipes.wait_for(*first);
  pipes.wait_for(*second);
  first->awaits_drain = false;
  CHECK(pipes.await_drain());
  second->awaits_drain = false;
  CHECK_FALSE(pipes.await_drain());
}

TEST_CASE("a destination that is gone will not drain, whoever waits for it") {
  int taken_off = 0;
  Pipes pipes;
  auto* first = new Noted(taken_off);
  auto* second = new Noted(taken_off);
  pipes.add(Ref<PipeLink>(first));
  pipes.add(Ref<PipeLink>(second));
  CHECK_FALSE(pipes.will_drain());
  pipes.wait_for(*first);
  CHECK(pipes.will_drain());
  first->is_gone = true;
  CHECK(pipes.await_drain());
  CHECK_FALSE(pipes.will_drain());
  pipes.wait_for(*second);
  CHECK(pipes.will_drain());
}

TEST_CASE("S24.7: when the source has closed, only destinations that are still to close stay") {
  int taken_off = 0;
  Pipes pipes;
  auto* stays = new Noted(taken_off);
  auto* goes = new Noted(taken_off);
  goes->closes = false;
  pipes.add(Ref<PipeLink>(stays));
  pipes.add(Ref<PipeLink>(goes));
  pipes.source_closed();
  CHECK(taken_off == 1);
  CHECK(pipes.size() == 1);
  pipes.clear();
  CHECK(taken_off == 2);
  CHECK(pipes.empty());
}
