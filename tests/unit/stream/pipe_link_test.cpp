#include <net/detail/stream/pipe_link.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace net::detail;

namespace {

/// A link that writes down what is done with it.
struct Link : PipeLink {
  explicit Link(std::string& notes, bool closes = true) : PipeLink(table), log(notes), to_close(closes) {}
  std::string& log;
  bool to_close;

  static const Operations table;
};

const PipeLink::Operations Link::table{
    [](PipeLink& link) noexcept { static_cast<Link&>(link).log += "off "; },
    [](PipeLink& link, const void*) { static_cast<Link&>(link).log += "unpipe "; },
    [](const PipeLink& link) noexcept { return static_cast<const Link&>(link).to_close; },
    [](const PipeLink&, const void*) noexcept { return true; },
    [](PipeLink& link) noexcept {
      static_cast<Link&>(link).log += "freed ";
      delete static_cast<Link*>(&link);
    }};

}  // namespace

TEST_CASE("S24.3: a source waits as long as one of its destinations has to drain") {
  std::string log;
  Pipes pipes;
  auto* const one = new Link(log);
  auto* const other = new Link(log);
  pipes.add(Ref<PipeLink>(one));
  pipes.add(Ref<PipeLink>(other));
  CHECK(!pipes.await_drain());
  pipes.wait_for(*one);
  CHECK(pipes.await_drain());
  one->awaits_drain = false;
  CHECK(!pipes.await_drain());
}

TEST_CASE("S24.6: what a source is piped to is taken off and freed with it") {
  std::string log;
  {
    Pipes pipes;
    pipes.add(Ref<PipeLink>(new Link(log)));
  }
  CHECK(log == "off freed ");
}

TEST_CASE("S24.7: when a source has closed only those stay that are still to be told of their own 'close'") {
  std::string log;
  Pipes pipes;
  pipes.add(Ref<PipeLink>(new Link(log, false)));
  pipes.add(Ref<PipeLink>(new Link(log, true)));
  pipes.source_closed();
  CHECK(pipes.size() == 1);
  CHECK(log == "off freed ");
}
