// The bodies of received_bytes.hpp. Internal.
#ifndef NET_DETAIL_CORO_RECEIVED_BYTES_IPP
#define NET_DETAIL_CORO_RECEIVED_BYTES_IPP

#include <net/detail/coro/received_bytes.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail {

/// The rest stays where it is if there is space behind it. What is added may be of what was there before.
NET_GNU(noinline) NET_API void ReceivedBytes::add_slowly(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t before = rest_.size(), size = before + bytes.size();
  const std::size_t at = !rest_.empty() && is_own(rest_.data()) ? static_cast<std::size_t>(rest_.data() - own_) : 0;
  if (size > capacity_ || is_own(bytes.data())) {
    const std::size_t twice = capacity_ * 2;
    const std::size_t capacity = size <= capacity_ ? capacity_ : size < twice ? twice : size;
    char* const memory = static_cast<char*>(::operator new(capacity));
    if (before > 0) std::memcpy(memory, rest_.data(), before);
    std::memcpy(memory + before, bytes.data(), bytes.size());
    ::operator delete(detail::exchange(own_, memory));
    capacity_ = capacity;
    rest_ = {own_, size};
    return;
  }
  char* const begin = at + size <= capacity_ ? own_ + at : own_;
  if (before > 0 && rest_.data() != begin) std::memmove(begin, rest_.data(), before);
  std::memcpy(begin + before, bytes.data(), bytes.size());
  rest_ = {begin, size};
}

NET_GNU(noinline) NET_API void ReceivedBytes::add_unasked(std::string_view bytes) {
  if (!aside_) {
    aside_ = detail::exchange(own_, nullptr);
    capacity_ = 0;
  }
  add(bytes);
}

NET_API void ReceivedBytes::own_rest() {
  if (rest_.empty() || is_own(rest_.data())) return;
  if (rest_.size() > capacity_) {
    char* const memory = static_cast<char*>(::operator new(rest_.size()));
    ::operator delete(detail::exchange(own_, memory));
    capacity_ = rest_.size();
  }
  std::memcpy(own_, rest_.data(), rest_.size());
  rest_ = {own_, rest_.size()};
}

NET_API void ReceivedBytes::settle(ReceiveBuffer& to) {
  own_rest();
  ::operator delete(detail::exchange(aside_, nullptr));
  give_back(to);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
