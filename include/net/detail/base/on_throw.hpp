// What is done if something is thrown on the way. Internal.
#ifndef NET_DETAIL_BASE_ON_THROW_HPP
#define NET_DETAIL_BASE_ON_THROW_HPP

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// Calls it when the scope ends, unless `passed` says by then that nothing was thrown.
template <class F>
struct CallOnThrow {
  F then;
  bool passed = false;

  explicit CallOnThrow(F call) : then(static_cast<F&&>(call)) {}
  CallOnThrow(const CallOnThrow&) = delete;
  CallOnThrow& operator=(const CallOnThrow&) = delete;
  ~CallOnThrow() {
    if (!passed) then();
  }
};
template <class F>
CallOnThrow(F) -> CallOnThrow<F>;

}  // namespace net::inline NET_ABI::detail

#endif
