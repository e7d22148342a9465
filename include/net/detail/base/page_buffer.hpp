// The loop's large buffers: memory that costs nothing before it is touched. Internal.
#ifndef NET_DETAIL_BASE_PAGE_BUFFER_HPP
#define NET_DETAIL_BASE_PAGE_BUFFER_HPP

#include <cstddef>
#include <new>
#include <utility>

#include <net/detail/base/abi.hpp>
#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail {

/// It begins with a page: large allocations begin in the middle of a cache line otherwise, and there the kernel copies
/// a twentieth to a tenth slower.
struct PageBuffer {
  static constexpr std::align_val_t page{4096};
  char* begin = nullptr;

  PageBuffer() noexcept = default;  ///< none
  explicit PageBuffer(std::size_t size) : begin(static_cast<char*>(::operator new(size, page))) {}
  PageBuffer(PageBuffer&& other) noexcept : begin(detail::exchange(other.begin, nullptr)) {}
  PageBuffer& operator=(PageBuffer&& other) noexcept {
    begin = detail::exchange(other.begin, begin);
    return *this;
  }
  ~PageBuffer() {
    if (begin) ::operator delete(begin, page);
  }
};

}  // namespace net::inline NET_ABI::detail

#endif
