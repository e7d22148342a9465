#include <net/detail/base/shared_lock.hpp>

#include <doctest/doctest.h>

#include <net/detail/base/lock_guard.hpp>

#include <thread>

using namespace net::detail;

TEST_CASE("readers hold a lock together, and it is free again when the last one has gone") {
  SharedLock lock;
  { const ReadGuard first(lock), second(lock), third(lock); }
  const LockGuard writer(lock);  // waits for ever if a reader was left behind
}

TEST_SUITE("threads") {
  TEST_CASE("a writer is alone, and readers see all that writers did or nothing of it") {
    SharedLock lock;
    long first = 0, second = 0;  // equal, save inside of a writer
    int torn = 0;
    const auto write = [&](long step) {
      for (int i = 0; i < 2000; ++i) {
        const LockGuard guard(lock);
        first += step;
        second += step;
      }
    };
    std::thread one([&] { write(1); });
    std::thread two([&] { write(10); });
    for (int i = 0; i < 2000; ++i) {
      const ReadGuard guard(lock);
      torn += first != second;
    }
    one.join();
    two.join();
    CHECK(torn == 0);
    CHECK(first == 22000);
    CHECK(second == 22000);
  }

  TEST_CASE("a writer waits for the reader that is there, and a reader for the writer") {
    SharedLock lock;
    Atomic<int> wrote{0};
    lock.lock_shared();
    std::thread writer([&] {
      const LockGuard guard(lock);
      wrote.store(1);
    });
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    CHECK(wrote.load() == 0);
    lock.unlock_shared();
    writer.join();
    CHECK(wrote.load() == 1);

    Atomic<int> read{0};
    lock.lock();
    std::thread reader([&] {
      const ReadGuard guard(lock);
      read.store(1);
    });
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    CHECK(read.load() == 0);
    lock.unlock();
    reader.join();
    CHECK(read.load() == 1);
  }
}
