#include <net/detail/sys/windows/port.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <string>
#include <thread>

using namespace net::detail;

namespace {

/// Ready when it is told so; notes what happens to it.
struct Told final : PortEntry {
  static const Operations table;
  explicit Told(std::string& notes) : PortEntry(table), log(notes) { operation.entry = this; }

  std::string& log;
  PortOperation operation;
  unsigned ready = 0;
};

constexpr PortEntry::Operations Told::table{
    [](PortEntry& entry) noexcept { return static_cast<Told&>(entry).ready & entry.interest(); },
    [](PortEntry& entry) noexcept { return static_cast<Told&>(entry).ready; },
    [](PortEntry& entry, PortOperation&, int failed, std::size_t) noexcept {
      static_cast<Told&>(entry).log += failed ? "failed " : "done ";
      static_cast<Told&>(entry).ready = readable;
    },
    [](PortEntry& entry) noexcept { static_cast<Told&>(entry).log += "due "; },
    [](PortEntry& entry) noexcept { return static_cast<Told&>(entry).log += "attached ", 0; },
    [](PortEntry& entry) noexcept { static_cast<Told&>(entry).log += "cancelled "; },
    [](const PortEntry&) noexcept { return no_handle; },
    [](PortEntry& entry) noexcept {
      static_cast<Told&>(entry).log += "freed ";
      delete static_cast<Told*>(&entry);
    }};

}  // namespace

TEST_CASE("what is done becomes ready for its watcher, as long as it is so, and only for what is awaited") {
  std::string log;
  Port port;
  REQUIRE(port.open().number == 0);
  Watcher watcher;
  Registration place{&watcher};
  auto* const told = new Told(log);
  told->registration = &place;
  REQUIRE(port.attach(*told) == 0);
  CHECK(port.attach(*told) == 0);
  Port other;
  CHECK(other.attach(*told) == -EEXIST);
  watcher.interest = readable | writable;
  port.post(told->operation);
  unsigned what = 0;
  for (int round = 0; round < 2; ++round) {
    REQUIRE(port.collect(0).number == 0);
    CHECK(port.next_ready(what) == told);
    CHECK(what == readable);
    CHECK(port.next_ready(what) == nullptr);
  }
  watcher.interest = 0;
  port.collect(0);
  CHECK(port.next_ready(what) == nullptr);
  told->release();
  CHECK(log == "attached done freed ");
}

TEST_CASE("an entry lives until nothing of it is in flight; a port waits for that") {
  std::string log;
  {
    Port port;
    REQUIRE(port.open().number == 0);
    auto* const told = new Told(log);
    REQUIRE(port.attach(*told) == 0);
    port.post(told->operation);
    told->release();
    CHECK(log == "attached ");
  }
  CHECK(log == "attached cancelled done freed ");
}

TEST_CASE("a time that was set ends a wait, and one that was taken back does not") {
  std::string log;
  Port port;
  REQUIRE(port.open().number == 0);
  auto* const told = new Told(log);
  REQUIRE(port.attach(*told) == 0);
  port.set_due(*told, 1);
  told->ready = readable;
  Watcher watcher;
  Registration place{&watcher};
  watcher.interest = readable;
  told->registration = &place;
  port.collect(-1);
  CHECK(log == "attached due ");
  port.set_due(*told, 1);
  Port::forget_due(*told);
  watcher.interest = 0;
  port.collect(20);
  CHECK(log == "attached due ");
  told->release();
}

TEST_CASE("a watcher's number tells an entry from a socket") {
  std::string log;
  auto* const told = new Told(log);
  CHECK(entry_of(tagged(*told)) == told);
  CHECK(entry_of(0x1234) == nullptr);
  CHECK(entry_of(no_handle) == nullptr);
  told->release();
}

TEST_SUITE("threads") {
  TEST_CASE("another thread ends a wait") {
    Port port;
    REQUIRE(port.open().number == 0);
    std::thread other([&] { port.wake(); });
    CHECK(port.collect(-1).number == 0);
    other.join();
  }
}

#endif
