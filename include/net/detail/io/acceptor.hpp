// Connections that arrive, non-blocking. Internal.
#ifndef NET_DETAIL_IO_ACCEPTOR_HPP
#define NET_DETAIL_IO_ACCEPTOR_HPP

#include <cerrno>
#include <concepts>
#include <string_view>

#include <net/detail/io/channel.hpp>
#include <net/detail/io/poller.hpp>
#include <net/detail/text/endpoint.hpp>

namespace net::inline NET_ABI::detail {

/// What `accept` says when there is nobody, or a client that has gone already: the next one is another matter. Winsock
/// calls one that has reset its connection ECONNRESET.
constexpr bool means_nobody(int failed) noexcept {
  return failed == would_block || failed == -EINTR || failed == -ECONNABORTED || failed == -ECONNRESET;
}

/// The contract. Nothing blocks, nothing throws; each answer is 0 or a negated errno. `accept` opens the channel that
/// it is given: no machine has to invent a number for a connection.
template <class A, class C>
concept Acceptor =
    std::derived_from<A, Watcher> &&
    requires(A acceptor, const A& fixed, C& into, const Endpoint& at, const ListenFlags& flags, std::string_view path,
             const PathMode& mode, bool* mode_failed, NativeHandle descriptor, int backlog, bool on) {
      { acceptor.listen(at, flags) } -> std::same_as<int>;
      { acceptor.listen_path(path, mode, backlog, mode_failed) } -> std::same_as<int>;
      {
        acceptor.listen_descriptor(descriptor, backlog)
      } -> std::same_as<int>;  // it is the acceptor's, unless it failed; backlog 0: as before
      { acceptor.listen_beside(fixed, backlog) } -> std::same_as<int>;  // where the other one listens already
      { acceptor.accept(into) } -> std::same_as<int>;
      { acceptor.close() };
      { acceptor.release() };                              // the descriptor stays open, and is somebody else's
      { acceptor.set_no_delay(on) } -> std::same_as<int>;  // 0: what is accepted inherits it
      { fixed.has_reserve() } -> std::same_as<bool>;       // for the time when the process has no more (S9.18)
      { fixed.is_open() } -> std::same_as<bool>;
      { fixed.native() } -> std::same_as<NativeHandle>;
      { fixed.local_end() } -> std::same_as<Endpoint>;
    };

}  // namespace net::inline NET_ABI::detail

#endif
