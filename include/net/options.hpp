// The option structs, and the small records that getters and listeners get.
#ifndef NET_OPTIONS_HPP
#define NET_OPTIONS_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <net/abort.hpp>
#include <net/block_list.hpp>
#include <net/detail/base/function.hpp>
#include <net/duration.hpp>
#include <net/error.hpp>
#include <net/ip.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Which sides of a socket are open: both, one, or none (S11.1).
enum class ReadyState : std::uint8_t { opening, open, readOnly, writeOnly, closed };

/// Its name: "opening", "open", … A text that lives for ever.
constexpr std::string_view to_string(ReadyState state) noexcept {
  constexpr std::string_view names[] = {"opening", "open", "readOnly", "writeOnly", "closed"};
  return names[static_cast<std::size_t>(state)];
}

/// Its name, on whatever takes text.
template <class Stream, std::same_as<ReadyState> State>
auto operator<<(Stream& to, State state) -> decltype(to << to_string(state)) {
  return to << to_string(state);
}

/// One end of a connection, or where a server listens; its texts are copies. `path` is for IPC only, and then the
/// others are empty.
struct AddressInfo {
  std::string address = {};
  Family family = Family::unspecified;
  std::uint16_t port = 0;
  std::string path = {};

  /// "127.0.0.1:80", "[::1]:80", or the path.
  std::string toString() const;
};

/// As `toString()` has it, on whatever takes text; nothing if there is no address.
template <class Stream, std::same_as<AddressInfo> Address>
auto operator<<(Stream& to, const Address& address) -> decltype(to << address.toString()) {
  return to << address.toString();
}
template <class Stream, std::same_as<AddressInfo> Address>
auto operator<<(Stream& to, const std::optional<Address>& address) -> decltype(to << address->toString()) {
  return to << (address ? address->toString() : std::string());
}

/// The connection that a server dropped because of `maxConnections` (S9.19).
struct DropInfo {
  std::string localAddress = {};
  std::uint16_t localPort = 0;
  Family localFamily = Family::unspecified;
  std::string remoteAddress = {};
  std::uint16_t remotePort = 0;
  Family remoteFamily = Family::unspecified;
};

/// One answer of a lookup: an IP address as text, and its family.
struct LookupAddress {
  std::string address = {};
  Family family = Family::unspecified;
};

/// What a lookup is asked for (S12.7, S13.2).
struct LookupOptions {
  Family family = Family::unspecified;  ///< of the addresses that are of use; unspecified: either
  int hints = 0;                        ///< flags of getaddrinfo(3): AI_ADDRCONFIG, AI_ALL, AI_V4MAPPED
  bool all = false;                     ///< more than one answer can be used
};

/// Answers a lookup, once: with an error, or with the addresses, which must live as long as the call. On the loop's
/// thread.
using LookupCallback = function<void(const Error&, std::span<const LookupAddress>)>;
/// A lookup of your own (S12.23). It may answer inside the call or later.
using Lookup = function<void(std::string_view host, const LookupOptions&, LookupCallback)>;

/// Received bytes are stored in memory of your own instead of arriving as 'data' (S25). The memory must live as long as
/// the socket. Without `callback`, or without memory, all of it is ignored (S25.8).
struct OnRead {
  std::span<std::byte> buffer = {};                ///< used for every read
  function<std::span<std::byte>()> allocate = {};  ///< or this gives one for each
  /// Gets how many bytes are in it; false pauses, until `resume()` or `read()`.
  function<bool(std::size_t nread, std::span<std::byte> buffer)> callback = {};
};

/// Options of a socket that is made before it connects.
struct SocketOptions {
  NativeHandle fd = -1;               ///< a descriptor to take over (S22); what this loop has already is EEXIST
  bool readable = true;               ///< with `fd`: whether that side is open
  bool writable = true;               ///< the same
  bool allowHalfOpen = false;         ///< do not end when the other side does (S16.9)
  OnRead onread = {};                 ///< memory of your own to read into (S25)
  AbortSignal signal = {};            ///< destroys the socket when it aborts (S20)
  std::size_t highWaterMark = 65536;  ///< bytes, both sides
  bool reusable = false;              ///< keep the listeners after 'close', to connect the same socket again
};

/// Options of `connect`.
struct ConnectOptions {
  int port = -1;                              ///< 0-65535; this or a path must be there
  std::string host = "localhost";             ///< a name or an IP address
  std::string path = {};                      ///< IPC; then port and host are ignored
  std::string localAddress = {};              ///< an IP address to connect from
  int localPort = 0;                          ///< 0: any
  Family family = Family::unspecified;        ///< connect to addresses of this family only
  int hints = 0;                              ///< of the lookup; unknown ones throw `ERR_INVALID_ARG_VALUE`
  Lookup lookup = {};                         ///< asked instead of the system (S12.23)
  bool noDelay = false;                       ///< as `setNoDelay`
  bool keepAlive = false;                     ///< as `setKeepAlive`
  Duration keepAliveInitialDelay = 0;         ///< its delay, cut to whole seconds (S18.13)
  std::optional<bool> autoSelectFamily = {};  ///< try both families (S13.1); empty: the default (S7.8)
  std::optional<Duration> autoSelectFamilyAttemptTimeout = {};  ///< for one address; empty: the default (S7.9)
  std::optional<BlockList> blockList = {};                      ///< addresses that are not connected to (S21)
  Duration timeout = 0;                                         ///< as `setTimeout`, before connecting; 0: none
  bool allowHalfOpen = false;  ///< of a socket that createConnection makes; so are the next three
  OnRead onread = {};
  AbortSignal signal = {};
  bool reusable = false;
};

/// Options of a server. All but the last two are given to every socket that it accepts.
struct ServerOptions {
  bool allowHalfOpen = false;               ///< do not end when the other side does (S16.9)
  std::size_t highWaterMark = 65536;        ///< bytes, both sides
  bool keepAlive = false;                   ///< as `setKeepAlive`
  Duration keepAliveInitialDelay = 0;       ///< cut to whole seconds (S18.13)
  bool noDelay = false;                     ///< as `setNoDelay`
  bool pauseOnConnect = false;              ///< accepted sockets are not read until `resume()` (S14.17)
  std::optional<BlockList> blockList = {};  ///< clients that are turned away silently (S21.6)
  bool reusable = false;                    ///< keep the listeners after 'close', to listen again later
  AbortSignal signal = {};                  ///< closes the server when it aborts, whenever it listens (S20.7)
};

/// Options of `listen`.
struct ListenOptions {
  int port = -1;             ///< 0: any free port
  std::string host = {};     ///< a name or an IP address; empty: all addresses of the machine (S9.4)
  std::string path = {};     ///< IPC; ignored if a port is given
  int backlog = 511;         ///< connections that may wait to be accepted, as far as the system allows
  bool exclusive = false;    ///< in a worker of a cluster: a port of its own (S33.6); else ignored (S9.23)
  bool ipv6Only = false;     ///< no IPv4 connections, on an IPv6 address (S9.21)
  bool reusePort = false;    ///< share the port with others that say so; a worker of a cluster binds it itself
  bool readableAll = false;  ///< a path that all users may read (S23.10)
  bool writableAll = false;  ///< a path that all users may write: connecting needs it
  AbortSignal signal = {};   ///< closes the server when it aborts (S20.7)
  NativeHandle fd = -1;      ///< a descriptor that is bound already (S22.5); what fails leaves it open; not on Windows
};

/// Options of a wait in a coroutine (S34.6). A wait that is given up has taken nothing away.
struct WaitOptions {
  AbortSignal signal = {};               ///< `ABORT_ERR` when it aborts, with its reason as the cause
  std::optional<Duration> timeout = {};  ///< `ERR_TIMEOUT` after so long
};

/// Options of `pipe`.
struct PipeOptions {
  bool end = true;  ///< end the destination when the source ends
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/options.ipp>

#endif
