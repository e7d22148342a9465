// Messages between processes, and sockets and servers that travel with them. Not part of <net.hpp>: it is included by
// itself.
#ifndef NET_IPC_CHANNEL_HPP
#define NET_IPC_CHANNEL_HPP

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <net/detail/coro/needs_co_await.hpp>
#include <net/detail/coro/wait_place.hpp>
#include <net/detail/ipc/events.hpp>
#include <net/detail/ipc/state.hpp>
#include <net/detail/stream/payload.hpp>
#include <net/emitter.hpp>
#include <net/loop.hpp>
#include <net/server.hpp>
#include <net/socket.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Options of `IpcChannel::send` with a socket.
struct SendOptions {
  bool keepOpen = false;  ///< the socket stays open here too
};

/// Messages, whole and in order, over a connected IPC socket; with one of them may travel a socket or a server (S33).
/// Both ends are an IpcChannel, in this process or in another one of the same machine. What travels over the socket, or
/// on Windows over a named pipe, is described in docs/ipc-frames.md.
///
/// A handle: copies are the same channel, and the loop keeps an open one alive. All that arrives is emitted at once;
/// what nobody listens to is thrown away, and a handle with it closed. A task that calls `receive` loses nothing. After
/// 'disconnect' its listeners are dropped.
///
/// Events, with the arguments of their listeners:
/// - `message` (std::string_view bytes, ReceivedHandle): the bytes are valid until the listener returns
/// - `drain`: after `send` returned false, everything is in the kernel
/// - `error` (const Error&): of a `send` that has no callback; or what ended the channel: EPROTO, EMSGSIZE. With nobody
///   to listen it leaves `run()`
/// - `disconnect`: the last one, on both sides, however the channel ended; a process that is gone is no error
class IpcChannel : public Emitter<IpcChannel> {
 public:
  using Events = detail::IpcEvents;

  /// All copies are the same channel. What was moved from still is it too: no handle is ever empty.
  IpcChannel(const IpcChannel&) noexcept = default;
  IpcChannel& operator=(const IpcChannel&) noexcept = default;

  /// Takes over a connected IPC socket: that is closed for its user then, without events. Made in the listener of
  /// 'connect' or 'connection', or at once of `Socket({.fd = …})`, it misses nothing. Throws `ERR_INVALID_HANDLE_TYPE`
  /// for a socket that is none or is not connected, `ERR_INVALID_STATE` while written bytes still wait.
  explicit IpcChannel(const Socket& socket);

  /// Two ends that are connected to each other, on this thread's loop or on `loop`: one for this process, one for a
  /// child. After `fork()` the parent calls `disconnect()` of the child's end, and the child, after `afterFork()`, of
  /// the parent's. For a program that is started, hand on `nativeHandle()` of the second end, and disconnect it here
  /// before the loop turns; the program makes its own of `Socket({.fd = …})`. On Windows it inherits a duplicate of
  /// that handle, and is told its number. Throws the system's error.
  static std::pair<IpcChannel, IpcChannel> pair() { return pair(Loop::current()); }
  static std::pair<IpcChannel, IpcChannel> pair(Loop& loop);

  /// Sends a message: text, or any contiguous range of `char`, `unsigned char` or `std::byte`, also an empty one. True:
  /// go on; false: better wait for 'drain', or for the callback, but nothing is lost. The callback gets no error once
  /// the kernel has taken it, or the error; it never runs inside the call. Messages of one listener leave in one call,
  /// when it has returned. More than `maxMessageSize` is EMSGSIZE, for the callback and as 'error', and the channel
  /// disconnects. After `disconnect()` it fails with `ERR_IPC_CHANNEL_CLOSED`, which only the callback gets.
  template <class Data, class F = std::nullptr_t>
    requires(!std::same_as<std::remove_cvref_t<F>, Socket> && !std::same_as<std::remove_cvref_t<F>, Server>)
  bool send(const Data& data, F&& callback = nullptr) const {
    return state_->send(detail::bytes_of(data), nullptr, nullptr, false,
                        detail::write_callback(std::forward<F>(callback)));
  }
  /// Sends a socket with it. From the call on it is closed for its user here, without events, and it closes when the
  /// other side has it, without a word to its peer. So long it counts in `getConnections` of its server, and the
  /// callback waits. What it has received and nobody has read goes with it, as it came, whatever `setEncoding` was;
  /// what a `Reader` holds does when the reader has gone (`ERR_INVALID_STATE` before), and more than about 15 MiB does
  /// not (`ERR_INVALID_STATE`). Its listeners stay behind. If it still has to
  /// send, it stays as it was until that is sent, and the message takes its place behind those that were sent
  /// meanwhile. A send that fails leaves the socket open here, as it was: `ERR_SOCKET_CLOSED` if it was not connected,
  /// EMFILE if the other process has no descriptor left, `ERR_IPC_CHANNEL_CLOSED` if it was gone before it had it; on
  /// Windows ENOTSUP for an IPC socket, as a pipe cannot change the process there.
  template <class Data, class F = std::nullptr_t>
  bool send(const Data& data, const Socket& socket, SendOptions options = {}, F&& callback = nullptr) const {
    return state_->send(detail::bytes_of(data), &detail::Access::state(socket), nullptr, options.keepOpen,
                        detail::write_callback(std::forward<F>(callback)));
  }
  /// Sends a listening server with it, which stays open here: both processes accept, and either may close its own. On
  /// Windows ENOTSUP for one that listens on a path.
  template <class Data, class F = std::nullptr_t>
  bool send(const Data& data, const Server& server, SendOptions = {}, F&& callback = nullptr) const {
    return state_->send(detail::bytes_of(data), nullptr, &detail::Access::state(server), true,
                        detail::write_callback(std::forward<F>(callback)));
  }

  class [[nodiscard("write co_await before it")]] Awaiter : public detail::NeedsCoAwait<std::optional<IpcMessage>> {
   public:
    bool await_ready() {
      waiting_.require_wanted();
      return over_.state->prepare_to_receive();
    }
    void await_suspend(std::coroutine_handle<> task) { over_.state->wait_to_receive(waiting_, task); }
    std::optional<IpcMessage> await_resume() {
      waiting_.require_kept();
      return over_.state->take_received();
    }

   private:
    friend class IpcChannel;
    template <class Options>
    Awaiter(const detail::Ref<detail::IpcState>& state, const Options& options) : over_(state), waiting_(options) {}

    struct Over {
      detail::Ref<detail::IpcState> state;
      explicit Over(const detail::Ref<detail::IpcState>& of) noexcept : state(of) {}
      Over(Over&&) noexcept = default;
      Over& operator=(Over&&) = delete;
      ~Over() {
        if (state) state->look_who_reads();
      }
    };

    Over over_;
    detail::WaitingTask waiting_;  // goes first
  };

  /// `co_await channel.receive()`: `std::optional<IpcMessage>`, the next message, in order; empty when the channel has
  /// ended. Throws what ended it otherwise, EPROTO or EMSGSIZE, which leaves `run()` no more then; `ERR_INVALID_STATE`
  /// if another task waits for a message already. `WaitOptions` end the wait (S34.6), and take nothing away.
  ///
  /// From the first call on nothing is read while no task waits, and nothing is thrown away: what had come by then
  /// waits here until it is asked for, or until somebody listens to 'message'. Such a channel keeps the loop alive only
  /// while a task waits or something is to be sent, and disconnects with its last handle. After `disconnect()` what
  /// waits is thrown away, and a handle with it closed.
  template <class Options = detail::WaitBraces>
  Awaiter receive(Options&& options = detail::without_limit) const {
    return {state_, detail::limit_of<Options>(options)};
  }

  /// Closes it when all that was sent has left, and the other side has what travels with it; what arrives meanwhile is
  /// thrown away. Called again, it waits for nothing.
  const IpcChannel& disconnect() const {
    state_->disconnect();
    return *this;
  }
  /// Until `disconnect()`, or until the other side is gone.
  bool connected() const noexcept { return state_->connected(); }

  /// Bytes of the largest message, in either direction: 64 MiB at first. What is larger ends the channel.
  std::size_t maxMessageSize() const noexcept { return state_->max_message; }
  void maxMessageSize(std::size_t bytes) const noexcept { state_->max_message = bytes; }
  /// Bytes that wait to be sent.
  std::size_t writableLength() const noexcept { return state_->length; }

  /// Whether it keeps the loop alive, as it does at first. One that has something to send does in any case.
  const IpcChannel& ref() const { return set_ref(true); }
  const IpcChannel& unref() const { return set_ref(false); }

  /// The descriptor, to look at or to hand on; -1 if there is none. Don't close it.
  NativeHandle nativeHandle() const noexcept { return state_->is_open() ? state_->channel.native() : -1; }

 private:
  friend class Emitter<IpcChannel>;
  friend struct detail::Access;

  explicit IpcChannel(detail::Ref<detail::IpcState> state) noexcept : state_(std::move(state)) {}
  static IpcChannel from_state(void* state);
  const IpcChannel& set_ref(bool on) const;

  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name>;
    static_assert(known, "net::IpcChannel has no event of that name; it has: message error disconnect drain");
  }

  detail::Ref<detail::IpcState> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/ipc_channel.ipp>

#endif
