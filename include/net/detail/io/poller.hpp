// What every poller is: it watches registrations, waits until some are ready, and can be woken. Internal.
#ifndef NET_DETAIL_IO_POLLER_HPP
#define NET_DETAIL_IO_POLLER_HPP

#include <concepts>
#include <cstdint>

#include <net/detail/io/watcher.hpp>

namespace net::inline NET_ABI::detail {

inline constexpr unsigned readable = 1;
inline constexpr unsigned writable = 2;
inline constexpr unsigned hung_up = 4;  // only reported, and only beside one of the others

/// What the system refused: a number, and the call; 0: nothing.
struct Refusal {
  int number = 0;
  const char* syscall = "";
};

/// The contract, which every system can keep. Level-triggered. Error and hang-up arrive as readable
/// and writable, with the system's number if it gave one; the end of a stream is never a flag, only what
/// reading says. `hung_up` is a hint that some pollers give: behind what stands there, reading will find the end.
/// Readiness may be spurious. What it reports is alive: a watcher that was dropped, or has died, in this round or
/// earlier, is not reported, however long its descriptor lives on somewhere else.
template <class P>
concept Poller =
    std::default_initializable<P> && requires(P poller, const P& fixed, Watcher& watcher, int milliseconds) {
      { poller.open() } -> std::same_as<Refusal>;  // once; and again in a child process, for what is watched
      { poller.shut() };                           // in a child process: gives up what is the parent's, silently
      { poller.watch(watcher, readable | writable) } -> std::same_as<int>;  // 0, or a negated errno
      { poller.drop(watcher) };  // before the descriptor is closed or given away
      {
        poller.hold(watcher)
      } -> std::same_as<bool>;  // it has a descriptor of which nothing is asked yet; false: no memory
      { poller.has(watcher.fd) } -> std::same_as<bool>;  // whether a watcher has it: watched at some time, or held
      {
        poller.wait(milliseconds, [](Watcher&, unsigned, int) {})
      };  // -1: for ever; void, or a Refusal if it cannot wait at all
      { poller.wake() };                                 // from any thread
      { fixed.native() } -> std::same_as<NativeHandle>;  // readable when wait() has something to do
    };

}  // namespace net::inline NET_ABI::detail

#endif
