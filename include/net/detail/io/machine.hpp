// All that this library asks of a system, in one contract. Internal.
#ifndef NET_DETAIL_IO_MACHINE_HPP
#define NET_DETAIL_IO_MACHINE_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <net/detail/base/vec.hpp>
#include <net/detail/io/acceptor.hpp>
#include <net/detail/io/channel.hpp>
#include <net/detail/io/files.hpp>
#include <net/detail/io/messages.hpp>
#include <net/detail/io/poller.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail {

/// Threads, and locks that fork() takes too, so that a child finds whole what they guard.
template <class M>
concept MachineThreads = requires(typename M::Mutex& mutex, typename M::Condition& condition,
                                  typename M::Thread& thread, void (*work)(void*), void* argument) {
  { mutex.lock() };
  { mutex.unlock() };
  { condition.wait(mutex) };
  { condition.wait_ms(mutex, 1) } -> std::same_as<bool>;  // no longer than that; false: it was that long
  { condition.wake_one() };
  { condition.wake_all() };
  { thread.start(work, argument) } -> std::same_as<bool>;
  { thread.join() };
  { M::start_thread(work, argument) } -> std::same_as<bool>;  // one that nobody joins
  { M::processors() } -> std::same_as<std::size_t>;           // how many threads run at the same time; at least 1
};

/// Processes that become two. What was made under another `fork_count` belongs to a parent.
template <class M>
concept MachineForks = requires(void (*step)(), int threads) {
  { M::fork_count() } -> std::same_as<std::uint32_t>;
  { M::at_fork(step, step, step) };   // before it, after it in the parent, after it in the child; each may be null
  { M::count_in_resolver(threads) };  // so many more are inside look_up: fork() waits for them; under a Mutex
};

/// Names of hosts and of interfaces.
template <class M>
concept MachineNames = requires(const std::string& host, Family family, int hints, Vec<Endpoint>& found,
                                std::string_view zone, std::uint32_t index) {
  { M::look_up(host, family, hints, found) } -> std::same_as<Errc>;  // waits for the resolver; may throw bad_alloc
  { M::address_config_hint() } -> std::same_as<int>;                 // only families that this machine has (S12.8)
  { M::known_hints() } -> std::same_as<int>;                         // all that may be asked for
  { M::interface_index(zone) } -> std::same_as<std::uint32_t>;       // 0: there is none
  { M::interface_name(index) } -> std::same_as<std::string>;
};

/// Descriptors from elsewhere, and files of sockets.
template <class M>
concept MachineDescriptors = requires(NativeHandle descriptor, std::string_view path) {
  { M::kind_of(descriptor) } -> std::same_as<DescriptorKind>;
  { M::prepare(descriptor) } -> std::same_as<int>;  // so that it never blocks; 0 or a negated errno
  { M::remove_path(path) };
};

/// Signals of the process. The waker is open while it listens, and is woken in any thread.
template <class M>
concept MachineSignals = requires(typename M::SignalWaker& signal) {
  { M::listen_to_signal(signal) } -> std::same_as<int>;  // 0, or a negated errno
  { M::forget_signal(signal) };                          // the last one puts back what the signal did before
  { signal.signo } -> std::same_as<int&>;
  { signal.waker.descriptor() } -> std::same_as<NativeHandle>;
  { signal.waker.drain() };
  { signal.waker.close() };
};

template <class M>
concept CompleteMachine =
    Poller<typename M::Poller> && Channel<typename M::Channel> && Acceptor<typename M::Acceptor, typename M::Channel> &&
    MachineThreads<M> && MachineForks<M> && MachineNames<M> && MachineDescriptors<M> && MachineFiles<M> &&
    MachineMessages<M> && MachineSignals<M> && requires {
      { M::now_ns() } -> std::same_as<std::uint64_t>;  // of a clock that only goes forward
    };

}  // namespace net::inline NET_ABI::detail

#endif
