// The loop's large buffers: memory that costs nothing before it is touched. Internal.
#ifndef NET_DETAIL_BASE_PAGE_BUFFER_HPP
#define NET_DETAIL_BASE_PAGE_BUFFER_HPP

#include <cstddef>
#include <new>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// It begins with a page: large allocations begin in the middle of a cache line otherwise, and there the kernel copies
/// a twentieth to a tenth slower.
struct PageBuffer {
  static constexpr std::align_val_t page{4096};
  char* const begin;
  explicit PageBuffer(std::size_t size) : begin(static_cast<char*>(::operator new(size, page))) {}
  PageBuffer(const PageBuffer&) = delete;
  PageBuffer& operator=(const PageBuffer&) = delete;
  ~PageBuffer() { ::operator delete(begin, page); }
};

}  // namespace net::inline NET_ABI::detail

#endif
