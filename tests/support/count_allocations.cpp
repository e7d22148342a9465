#include "tests/support/count_allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(_WIN32)
#include <malloc.h>
#endif

namespace {

thread_local tests::Allocations so_far;
thread_local bool no_memory = false;
std::atomic<long> until_failure{-1};  // -1: none fails
std::atomic<long> living{0};

bool fails_now() noexcept {
  if (no_memory) return true;
  for (long left = until_failure.load(std::memory_order_relaxed); left > 0;) {
    if (until_failure.compare_exchange_weak(left, left - 1)) return left == 1;
  }
  return false;
}

void* counted(std::size_t size, std::size_t alignment) {
  ++so_far.count;
  so_far.bytes += size;
  if (fails_now()) return nullptr;
  living.fetch_add(1, std::memory_order_relaxed);
  if (size == 0) size = 1;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size);
#if defined(_WIN32)
  return _aligned_malloc(size, alignment);
#else
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
#endif
}

void* counted_or_throw(std::size_t size, std::size_t alignment) {
  if (void* memory = counted(size, alignment)) return memory;
  throw std::bad_alloc();
}

void give_back(void* memory) noexcept {
  if (memory) living.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}

void give_back(void* memory, std::align_val_t alignment) noexcept {
#if defined(_WIN32)
  if (static_cast<std::size_t>(alignment) > alignof(std::max_align_t)) {
    if (memory) living.fetch_sub(1, std::memory_order_relaxed);
    return _aligned_free(memory);
  }
#else
  (void)alignment;
#endif
  give_back(memory);
}

}  // namespace

tests::FailingAllocation::FailingAllocation(long n) noexcept { until_failure.store(n); }
tests::FailingAllocation::~FailingAllocation() { until_failure.store(-1); }
bool tests::FailingAllocation::failed() const noexcept { return until_failure.load() == 0; }
tests::NoMemory::NoMemory() noexcept { no_memory = true; }
tests::NoMemory::~NoMemory() { no_memory = false; }
long tests::living_allocations() noexcept { return living.load(); }

tests::Allocations tests::allocations_so_far() noexcept { return so_far; }

// All forms: a sanitizer brings its own of those that are missing here.
void* operator new(std::size_t size) { return counted_or_throw(size, 1); }
void* operator new[](std::size_t size) { return counted_or_throw(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size, 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t alignment) noexcept { give_back(memory, alignment); }
void operator delete[](void* memory, std::align_val_t alignment) noexcept { give_back(memory, alignment); }
void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept { give_back(memory, alignment); }
void operator delete[](void* memory, std::size_t, std::align_val_t alignment) noexcept { give_back(memory, alignment); }
