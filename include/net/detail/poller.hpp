// What every poller is: it watches registrations, waits until some are ready, and can be woken. Internal.
#ifndef NET_DETAIL_POLLER_HPP
#define NET_DETAIL_POLLER_HPP

#include <concepts>
#include <cstdint>

#include <net/detail/os.hpp>

namespace net::inline NET_ABI::detail {

inline constexpr unsigned readable = 1;
inline constexpr unsigned writable = 2;
inline constexpr unsigned hung_up = 4;  // only reported, and only beside one of the others

/// A descriptor that a loop watches. It is part of its owner, so there is no map to
/// look things up in; it may be dropped inside any callback, and must live until the turn has ended.
struct Watcher {
  void* owner = nullptr;  // for whoever waits
  NativeHandle fd = os::no_descriptor;
  std::uint32_t slot = 0;   // the poller's own note
  std::uint8_t wanted = 0;  // readable | writable; 0 is silence
  std::uint8_t known = 0;   // what the system was last told
};

/// The contract, which every system can keep. Level-triggered. Error and hang-up arrive as readable
/// and writable, with the system's number if it gave one; the end of a stream is never a flag, only what
/// reading says. `hung_up` is a hint that some pollers give: behind what stands there, reading will find the end.
/// Readiness may be spurious.
template <class P>
concept Poller =
    std::default_initializable<P> && requires(P poller, const P& fixed, Watcher& watcher, int milliseconds) {
      { poller.watch(watcher, readable | writable) } -> std::same_as<int>;  // 0, or a negated errno
      { poller.drop(watcher) };  // before the descriptor is closed or given away
      {
        poller.wait(milliseconds, [](Watcher&, unsigned, int) {})
      };  // -1: for ever
      { poller.wake() };                                 // from any thread
      { fixed.native() } -> std::same_as<NativeHandle>;  // readable when wait() has something to do
    };

}  // namespace net::inline NET_ABI::detail

#endif
