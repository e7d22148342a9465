// What tests share in which each allocation fails, one after another.
#ifndef NET_TESTS_NO_MEMORY_HPP
#define NET_TESTS_NO_MEMORY_HPP

#include <doctest/doctest.h>

#include <fcntl.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <net.hpp>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/count_allocations.hpp"

namespace tests::inline NET_MACHINE {

/// Calls again what had no memory: only one allocation fails, and a call that failed has done nothing.
template <class F>
auto insist(F&& call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {}
  return call();
}

/// What every program here has: a loop, and notes of what was opened and closed.
struct Program {
  net::Loop loop;
  std::map<int, int> closed;  // how often each one that was opened was closed
  std::vector<net::Socket> sockets;
  std::string wrong;

  /// A socket that is not noted is destroyed, and counts as never opened.
  void opened(const net::Socket& socket) {
    struct Destroy {
      const net::Socket& socket;
      bool noted = false;
      ~Destroy() {
        if (!noted) insist([&] { socket.destroy(); });
      }
    } destroy{socket};
    const int number = static_cast<int>(closed.size());
    socket.on<"error">([] {});
    sockets.push_back(socket);
    auto& times = closed[number];
    socket.on<"close">([&times] { ++times; });
    destroy.noted = true;
  }

  /// Turns until it is so. What has no memory leaves run(), and the loop goes on.
  template <class Condition>
  void until(Condition condition) {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::seconds(std::getenv("NET_NO_MEMORY_FROM") ? 3 : 20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) {
        wrong = "it hangs";
        return;
      }
      try {
        if (!loop.runOnce(2000) && !condition()) {
          wrong = "the loop has ended too early";
          return;
        }
      } catch (const std::bad_alloc&) {
      } catch (const net::Error& error) {
        // an error of the library's that nobody listens to any more, since its listener could not be added
      }
    }
  }
  bool all_closed() const {
    for (const auto& [number, times] : closed) {
      if (times == 0) return false;
    }
    return true;
  }
  void finish() {
    until([&] { return all_closed(); });
    // the lookup of a socket that was destroyed may still be out, for long if the machine is busy
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (wrong.empty() && std::chrono::steady_clock::now() < end) {
      try {
        if (!loop.runOnce(100)) break;
      } catch (const std::bad_alloc&) {}
    }
    for (const auto& [number, times] : closed) {
      if (times > 1) wrong = "closed twice";
      if (times == 0 && wrong.empty()) wrong = "not closed";
    }
    if (loop.alive() && wrong.empty()) wrong = "something keeps the loop alive";
  }
};

/// The first few hundred are enough: no program here has more, and counting them all takes its time.
inline std::size_t few_descriptors() {
#if defined(_WIN32)
  return ::open_sockets_and_pipes();
#else
  std::size_t open = 0;
  for (int number = 0; number < 256; ++number) open += ::fcntl(number, F_GETFD) >= 0;
  return open;
#endif
}

/// Runs it with the n-th allocation failing, for every n, until there are not so many.
template <class F>
void for_every_allocation(F&& program) {
  long count = 0;
  // what is made once and kept
  REQUIRE(program() == "");
  REQUIRE(program() == "");
  const long step = [] {
    const char* text = std::getenv("NET_NO_MEMORY_FROM");
    return text ? std::strtol(text, nullptr, 10) : 1L;
  }();
  const char* until = std::getenv("NET_NO_MEMORY_TO");
  for (long n = step; !until || n <= std::strtol(until, nullptr, 10); ++n) {
    const std::size_t descriptors = few_descriptors();
    const long living = living_allocations();
    std::string wrong;
    bool failed = false;
    if (std::getenv("NET_NO_MEMORY_FROM")) std::fprintf(stderr, "%ld\n", n);
    {
      const FailingAllocation failing(n);
      try {
        wrong = program();
      } catch (const std::bad_alloc&) {
        // before there was a loop
      }
      failed = failing.failed();
    }
    for (int i = 0; i < 2000 && living_allocations() > living; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // threads that are not joined give back
    }
    const std::size_t descriptors_now = few_descriptors();
    const long living_now = living_allocations();
    if (wrong == "" && descriptors_now == descriptors && living_now <= living) {
      if (!failed) break;
      count = n;
      continue;
    }
    if (std::getenv("NET_NO_MEMORY_FROM")) std::fprintf(stderr, "%s, living %ld\n", wrong.c_str(), living_now - living);
    CAPTURE(n);
    CHECK(wrong == "");
    CHECK(descriptors_now == descriptors);
    CHECK(living_now <= living);
    if (!failed) break;
    count = n;
  }
  MESSAGE("allocations: ", count);
}

}  // namespace tests::inline NET_MACHINE

#endif
