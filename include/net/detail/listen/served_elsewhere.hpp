// Who listens for the servers of a loop: in a worker of a cluster, its primary. Internal.
#ifndef NET_DETAIL_LISTEN_SERVED_ELSEWHERE_HPP
#define NET_DETAIL_LISTEN_SERVED_ELSEWHERE_HPP

#include <net/detail/loop/core.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct ServerState;

/// A table that a loop may have, so that only who includes the cluster pays for it (S33.6).
struct ServedElsewhere {
  /// Answered later, by `opened_elsewhere` or `refused_elsewhere`, unless it was closed or listened again meanwhile.
  void (*listen)(ServerState&, const ListenOptions&);
  void (*left)(ServerState&, std::uint32_t number) noexcept;  // it listens no more
  void (*has_space)(ServerState&);                            // it may have space for a connection that it gave back
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
