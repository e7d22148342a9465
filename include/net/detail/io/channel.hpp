// Bytes to and from one peer, non-blocking: what a socket moves its data through. Internal.
#ifndef NET_DETAIL_IO_CHANNEL_HPP
#define NET_DETAIL_IO_CHANNEL_HPP

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <string_view>

#include <net/detail/io/poller.hpp>
#include <net/detail/text/endpoint.hpp>

namespace net::inline NET_ABI::detail {

/// What writing answers, and the size of what reading brought: a number of bytes, or a negated errno, of which this one
/// means "wait until the poller says so".
inline constexpr std::ptrdiff_t would_block = -EAGAIN;

/// The system has no memory for it at the moment (S32.2): it means "later" too, but the poller may say "now" all the
/// time.
constexpr bool short_of_memory(std::ptrdiff_t result) noexcept { return result == -ENOBUFS || result == -ENOMEM; }
constexpr bool means_later(std::ptrdiff_t result) noexcept { return result == would_block || short_of_memory(result); }

/// What one read brought. The bytes lie in the buffer that was offered, or in one that the channel lends until it is
/// read again: whoever reads looks only there. Two words, which fit into registers.
struct ReadResult {
  std::ptrdiff_t size;  // 0 is the end of the stream; less is a negated errno
  const char* bytes;

  std::string_view view() const noexcept { return {bytes, static_cast<std::size_t>(size)}; }
};

/// The contract. Nothing blocks, nothing throws; errors are negated errno values. `start_connect` gives 0,
/// or -EINPROGRESS: then the channel becomes writable and `finish_connect` says how it went.
template <class C>
concept Channel = std::derived_from<C, Watcher> &&
                  requires(C channel, const C& fixed, C& other, char* into, std::size_t size, const IoSlice* slices,
                           const Endpoint& to, std::string_view path, NativeHandle descriptor, bool on, int number) {
                    { channel.open(Family::IPv6) } -> std::same_as<int>;
                    { channel.take_over(other) };  // the other one is closed then, without a word to the peer
                    { channel.adopt_connected(descriptor) } -> std::same_as<bool>;  // is it TCP? not open: no memory
                    { channel.bind(to) } -> std::same_as<int>;
                    { channel.start_connect(to) } -> std::same_as<int>;
                    { channel.start_connect_path(path) } -> std::same_as<int>;
                    { channel.finish_connect() } -> std::same_as<int>;
                    { channel.read(into, size) } -> std::same_as<ReadResult>;
                    { channel.write(slices, size) } -> std::same_as<std::ptrdiff_t>;
                    { channel.shutdown_write() } -> std::same_as<int>;
                    { channel.reset_on_close() } -> std::same_as<int>;
                    { channel.close() };
                    { channel.release() } -> std::same_as<NativeHandle>;
                    { channel.unread() } -> std::same_as<std::string_view>;  // taken from the system; it takes no more
                    { fixed.is_open() } -> std::same_as<bool>;
                    { fixed.native() } -> std::same_as<NativeHandle>;
                    { fixed.is_unconnected() } -> std::same_as<bool>;  // open, and has no other end yet (S22.9)
                    { fixed.local_end() } -> std::same_as<Endpoint>;
                    { fixed.remote_end() } -> std::same_as<Endpoint>;
                    { channel.set_no_delay(on) } -> std::same_as<int>;
                    { channel.set_keep_alive(on, number) } -> std::same_as<int>;
                    { channel.set_type_of_service(number) } -> std::same_as<int>;
                    { fixed.get_type_of_service() } -> std::same_as<int>;
                  };

}  // namespace net::inline NET_ABI::detail

#endif
