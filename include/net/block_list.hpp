// Rules for the addresses not to talk to.
#ifndef NET_BLOCK_LIST_HPP
#define NET_BLOCK_LIST_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <net/detail/text/ip_address.hpp>
#include <net/ip.hpp>
#include <net/socket_address.hpp>

namespace net::inline NET_ABI {

namespace detail {
class BlockRules;
struct RuleLine;
}  // namespace detail

/// A list of addresses, ranges and subnets. It is a handle: all copies are the same list. Every member may be
/// called from any thread. An IPv4 address and its IPv4-mapped IPv6 address (`::ffff:1.2.3.4`) are the same
/// to a list (S6.6).
///
/// Where an address is given as text, its family is IPv4 unless said otherwise; `Family::unspecified` takes
/// it from the text. Ports, flow labels and zones do not count. A call that throws leaves the list as it was.
class BlockList {
 public:
  /// An empty list, which blocks nothing.
  BlockList();
  BlockList(const BlockList& other) noexcept;
  BlockList& operator=(const BlockList& other) noexcept;
  ~BlockList();

  /// Blocks one address. Throws `ERR_INVALID_ADDRESS`, also for an address of the other family, or
  /// `ERR_INVALID_ARG_VALUE` for a family that is none (S6.2); so do the others that take text.
  void addAddress(std::string_view address, Family family = Family::IPv4) const;
  void addAddress(const SocketAddress& address) const;

  /// Blocks all addresses from `start` to `end`, both included. Throws `ERR_INVALID_ARG_VALUE` if `start` comes after
  /// `end` (S6.3).
  void addRange(std::string_view start, std::string_view end, Family family = Family::IPv4) const;
  /// Between an IPv4 address and an IPv6 address that is not IPv4-mapped are only addresses written as mapped
  /// ones.
  void addRange(const SocketAddress& start, const SocketAddress& end) const;

  /// Blocks all addresses that begin with the first `prefix` bits of `network`; the other bits do not count. Throws
  /// `ERR_OUT_OF_RANGE` if `prefix` is not 0 to 32, for IPv6 0 to 128 (S6.4).
  void addSubnet(std::string_view network, int prefix, Family family = Family::IPv4) const;
  void addSubnet(const SocketAddress& network, int prefix) const;

  /// True if a rule matches. False for a text that is not an address of the family (S6.5). Where `check` is a macro, as
  /// with Apple's <AssertMacros.h>, write `(list.check)(address)`.
  bool(check)(std::string_view address, Family family = Family::IPv4) const noexcept;
  bool(check)(const SocketAddress& address) const noexcept;

  /// The rules as text, newest first: "Subnet: IPv4 10.0.0.0/8" (S6.9).
  std::vector<std::string> rules() const;

  /// `rules()` as JSON text.
  std::string toJSON() const;

  /// Adds the rules of a JSON list of texts, in its order. Texts that are not rules are ignored. The first
  /// one with a wrong address, order or prefix throws what adding it throws, and the ones before it stay.
  /// Before any is added: throws `ERR_INVALID_ARG_TYPE` if it is not a list of texts, an Error of kind
  /// "SyntaxError" if it is not JSON (S6.11).
  void fromJSON(std::string_view json) const;

  /// A test of the type: true for a BlockList (S6.10).
  template <class T>
  static constexpr bool isBlockList(const T&) noexcept {
    return std::is_same_v<T, BlockList>;
  }

  /// True if both are the same list.
  friend bool operator==(const BlockList& a, const BlockList& b) noexcept { return a.shared_ == b.shared_; }

 private:
  void add(const detail::RuleLine& line) const;

  detail::BlockRules* shared_;
};

}  // namespace net::inline NET_ABI

#include <net/block_list.ipp>

#endif
