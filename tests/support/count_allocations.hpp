// How often this thread called operator new: for tests that say "no allocation per message".
#ifndef NET_TESTS_COUNT_ALLOCATIONS_HPP
#define NET_TESTS_COUNT_ALLOCATIONS_HPP

#include <cstddef>

namespace tests {

struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

/// All allocations of this thread so far, through any form of operator new.
Allocations allocations_so_far() noexcept;

/// Counts from its construction on; only what the constructing thread allocates.
class CountAllocations {
 public:
  std::size_t count() const noexcept { return allocations_so_far().count - before_.count; }
  std::size_t bytes() const noexcept { return allocations_so_far().bytes - before_.bytes; }
  void restart() noexcept { before_ = allocations_so_far(); }

 private:
  Allocations before_ = allocations_so_far();
};

/// One allocation of this process fails: the n-th from now on, on whichever thread, as long as this lives.
class FailingAllocation {
 public:
  explicit FailingAllocation(long n) noexcept;
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  ~FailingAllocation();
  /// Whether there were so many.
  bool failed() const noexcept;
};

/// All allocations of this thread fail, as long as this lives.
class NoMemory {
 public:
  NoMemory() noexcept;
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;
  ~NoMemory();
};

/// How many allocations of this process were not given back.
long living_allocations() noexcept;

}  // namespace tests

#endif
