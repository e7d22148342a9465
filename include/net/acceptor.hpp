// The connections of a server in a coroutine: one after the other.
#ifndef NET_ACCEPTOR_HPP
#define NET_ACCEPTOR_HPP

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include <net/detail/base/maybe.hpp>
#include <net/detail/base/queue.hpp>
#include <net/detail/coro/needs_co_await.hpp>
#include <net/detail/coro/wait_place.hpp>
#include <net/error.hpp>
#include <net/server.hpp>
#include <net/socket.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// The connections of a server, awaited. Those that come while the task does something else wait here. One task waits
/// at a time; another one has `ERR_INVALID_STATE` thrown.
class Acceptor {
 public:
  /// Listens to 'connection', 'error' and 'close' of the server from now on. When it goes, connections that nobody has
  /// taken are destroyed.
  explicit Acceptor(const Server& server);
  /// Refused: what is no server.
  template <class Other>
    requires(!std::is_convertible_v<const Other&, const Server&>)
  explicit Acceptor(const Other&) : listeners_(Server()) {
    constexpr bool is_server = std::is_void_v<Other>;
    static_assert(is_server, "an acceptor takes a net::Server, which is told to listen: server.listen(8000)");
  }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  /// Calls nobody. A task that waits for it has `ERR_STREAM_PREMATURE_CLOSE` thrown, from a tick.
  ~Acceptor();

  /// Refused: what is awaited is its next connection.
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait, "an acceptor is nothing to wait for: co_await acceptor.next()");
    return {};
  }

  class [[nodiscard("write co_await before it")]] Awaiter : public detail::NeedsCoAwait<std::optional<Socket>> {
   public:
    bool await_ready() {
      waiting_.require_wanted();
      return acceptor_.prepare();
    }
    void await_suspend(std::coroutine_handle<> task);
    std::optional<Socket> await_resume() {
      waiting_.require_kept();
      return acceptor_.take();
    }

   private:
    friend class Acceptor;
    template <class Options>
    Awaiter(Acceptor& acceptor, const Options& options) : acceptor_(acceptor), waiting_(options) {}

    Acceptor& acceptor_;
    detail::WaitingTask waiting_;
  };

  /// `std::optional<Socket>`: the next connection; empty when the server is closed, which it is when its connections
  /// are (S9.14). Throws the Error if listening or accepting failed; `WaitOptions` end the wait (S34.6).
  template <class Options = detail::WaitBraces>
  Awaiter next(Options&& options = detail::without_limit) {
    return {*this, detail::limit_of<Options>(options)};
  }

 private:
  bool prepare();
  void wake() {
    if (waiter_) waiter_.resume();
  }
  std::optional<Socket> take();

  detail::WaitPlace waiter_;
  detail::Queue<Socket> arrived_;  // and nobody took yet
  detail::Maybe<Error> failure_;
  bool closed_ = false;
  detail::OwnListeners<Server> listeners_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/acceptor.ipp>

#endif
