// Connections that arrive, non-blocking. Internal.
#ifndef NET_DETAIL_IO_ACCEPTOR_HPP
#define NET_DETAIL_IO_ACCEPTOR_HPP

#include <concepts>
#include <string_view>

#include <net/detail/io/poller.hpp>
#include <net/detail/text/endpoint.hpp>

namespace net::inline NET_ABI::detail {

/// The contract: `listen` gives 0 or a negated errno; `try_accept` a descriptor or a negated errno.
template <class A>
concept Acceptor = std::derived_from<A, Watcher> &&
                   requires(A acceptor, const A& fixed, const Endpoint& at, const ListenFlags& flags) {
                     { acceptor.listen(at, flags) } -> std::same_as<int>;
                     { acceptor.try_accept() } -> std::same_as<NativeHandle>;
                     { acceptor.close() };
                     { fixed.is_open() } -> std::same_as<bool>;
                     { fixed.local_end() } -> std::same_as<Endpoint>;
                   };

}  // namespace net::inline NET_ABI::detail

#endif
