// Which machine this program runs on: the name that is part of every type above it. Internal.
#ifndef NET_DETAIL_SYS_MACHINE_HPP
#define NET_DETAIL_SYS_MACHINE_HPP

#include <net/detail/io/machine.hpp>
#include <net/detail/sys/poller.hpp>
#include <net/detail/sys/posix/machine.hpp>
#include <net/detail/sys/windows/machine.hpp>

namespace net::inline NET_ABI::detail {

/// All of this system's machine but the poller.
#if defined(_WIN32)
using system_machine = windows_machine;
#else
using system_machine = posix_machine;
#endif

}  // namespace net::inline NET_ABI::detail

// Tests set NET_MACHINE, before this, to a machine of their own: net::detail::NET_MACHINE::Machine.
#if !defined(NET_MACHINE)
#define NET_MACHINE NET_JOIN(on_, NET_POLLER)

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// What the loop stands on. Two files built for different machines have different types, and so never share one.
struct Machine : system_machine {
  using Poller = NET_JOIN(NET_POLLER, _poller);
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE
#endif

#endif
