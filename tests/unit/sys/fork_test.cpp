#include <net/detail/sys/fork.hpp>

#if !defined(_WIN32)

#include <doctest/doctest.h>

#include <net/detail/base/shared_lock.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <net/block_list.hpp>
#include <thread>

#include "tests/support/skip.hpp"

using namespace net::detail;

namespace {

/// Whether a child of fork() finds a lock free that another thread of the parent held for a while around it.
bool is_free_in_child(SharedLock& lock) {
  Atomic<int> held{0}, forked{0};
  std::thread holder([&] {
    lock.lock();
    held.store(1);
    // until the fork has happened; one that waits for the lock gets it in the end
    const auto longest = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (forked.load() == 0 && std::chrono::steady_clock::now() < longest) std::this_thread::yield();
    lock.unlock();
  });
  while (held.load() == 0) std::this_thread::yield();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // ends a child that waits for a thread that it does not have
    lock.lock();
    ::_exit(0);
  }
  forked.store(1);
  holder.join();
  int status = -1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

// The other tests of this process may have made a loop, so this one runs in a process of its own.
TEST_CASE("where only a BlockList exists, a child finds its lock free" * doctest::skip()) {
  const net::BlockList list;
  SharedLock lock;
  CHECK(is_free_in_child(lock));
}

TEST_CASE("S31: fork() takes the lock of a BlockList also in a process that never had a loop") {
#if defined(__linux__)
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/proc/self/exe", "net_tests", "--no-skip", "--test-case=where only a BlockList exists*", nullptr);
    ::_exit(99);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
#else
  tests::skip_here("a program cannot run itself again here");
#endif
}

TEST_CASE("every call but the first does nothing") {
  take_shared_locks_at_fork();
  take_shared_locks_at_fork();
  SharedLock lock;
  CHECK(is_free_in_child(lock));
}

#endif
