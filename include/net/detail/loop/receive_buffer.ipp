// The bodies of receive_buffer.hpp. Internal.
#ifndef NET_DETAIL_LOOP_RECEIVE_BUFFER_IPP
#define NET_DETAIL_LOOP_RECEIVE_BUFFER_IPP

#include <net/detail/loop/receive_buffer.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail {

NET_API bool ReceiveBuffer::lend(const char* bytes) {
  if (lent_ || kept_ == most_kept || !holds(bytes)) return false;
  if (spares_ == 0) {
    spare_[0] = PageBuffer(capacity);
    spares_ = 1;
  }
  lent_ = true;
  return true;
}

NET_API PageBuffer ReceiveBuffer::keep() noexcept {
  ++kept_;
  lent_ = false;
  PageBuffer next = std::move(spare_[--spares_]);
  return detail::exchange(now_, std::move(next));
}

NET_API void ReceiveBuffer::take_back(PageBuffer&& kept) noexcept {
  --kept_;
  spare_[spares_++] = std::move(kept);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
