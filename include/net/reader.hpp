// Reading a socket and taking connections in a coroutine: one thing at a time, in order.
#ifndef NET_READER_HPP
#define NET_READER_HPP

#include <coroutine>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <net/chunk.hpp>
#include <net/detail/base/queue.hpp>
#include <net/error.hpp>
#include <net/server.hpp>
#include <net/socket.hpp>

namespace net::inline NET_ABI::detail {

class WaitPlace;

/// A task in the middle of a wait, noted in the frame that waits. Either side may go first: the frame, or what it waits
/// for.
class WaitingTask {
 public:
  WaitingTask() noexcept = default;
  WaitingTask(const WaitingTask&) noexcept {}  // an awaiter may be handed on until it waits
  WaitingTask& operator=(const WaitingTask&) = delete;
  ~WaitingTask();

 private:
  friend class WaitPlace;
  std::coroutine_handle<> task_;
  WaitPlace* place_ = nullptr;
};

/// Where the one task that waits is noted.
class WaitPlace {
 public:
  WaitPlace() noexcept = default;
  WaitPlace(const WaitPlace&) = delete;
  WaitPlace& operator=(const WaitPlace&) = delete;
  ~WaitPlace() { forget(); }

  explicit operator bool() const noexcept { return waiting_ != nullptr; }
  void note(WaitingTask& waiting, std::coroutine_handle<> task) noexcept;
  void resume();
  void forget() noexcept;

 private:
  WaitingTask* waiting_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

/// What a socket receives, awaited. Between two waits the socket is paused, so that what the task does not take
/// stays with the other side. One task reads at a time. The reader hears the socket's errors: they are thrown by the
/// next wait. It does not own the socket; when the reader is gone, the socket stays paused, and an error that comes
/// then does not end the program: `errored()` and 'close' still show it.
class Reader {
  enum class Kind : unsigned char { chunk, exact, line };

 public:
  explicit Reader(const Socket& socket);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  class [[nodiscard]] Awaiter {
   public:
    bool await_ready() { return reader_.prepare(kind_, amount_); }
    void await_suspend(std::coroutine_handle<> task) { reader_.wait(waiting_, task); }
    std::optional<Chunk> await_resume() { return reader_.take(); }

   private:
    friend class Reader;
    Awaiter(Reader& reader, Kind kind, std::size_t amount) noexcept : reader_(reader), amount_(amount), kind_(kind) {}

    Reader& reader_;
    std::size_t amount_;
    Kind kind_;
    detail::WaitingTask waiting_;
  };

  /// What is there, at least a byte; empty at the end. All results are valid until the reader is asked again.
  Awaiter next();
  /// Exactly so many bytes; empty at the end. Throws `ERR_STREAM_PREMATURE_CLOSE` if it comes in their middle.
  Awaiter read(std::size_t n);
  /// A line without its line feed, and without a carriage return before that; empty at the end. What stands before
  /// the end without a line feed is a line too. Throws EMSGSIZE for a line of more bytes than the limit; then the
  /// reader stays where it is.
  Awaiter readLine(std::size_t limit);

 private:
  /// Whether what is asked for can be given: found, or the end or a failure are known.
  bool prepare(Kind kind, std::size_t amount);
  bool settle();
  void settle_line();
  bool found(std::size_t size, std::size_t with_end) noexcept {
    size_ = size;
    skip_ = with_end;
    return true;
  }
  void wait(detail::WaitingTask& waiting, std::coroutine_handle<> task);
  std::optional<Chunk> take();
  void received(std::string_view bytes);
  void wake();
  const Socket& socket() const noexcept { return listeners_.emitter(); }
  std::string_view rest() const noexcept;

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  detail::WaitPlace waiter_;
  std::string held_;  // received; the part before start_ was taken
  std::size_t start_ = 0;
  std::size_t searched_ = 0;  // of the rest, has no line feed
  std::size_t size_ = none;   // of what was found for the task; none: nothing
  std::size_t skip_ = 0;      // the same with its line feed
  std::size_t amount_ = 0;
  Kind kind_ = Kind::chunk;
  bool ended_ = false;
  bool* gone_ = nullptr;  // set if the reader goes while it resumes its task
  bool too_long_ = false;
  std::optional<Error> failure_;
  detail::OwnListeners<Socket> listeners_;
};

/// The connections of a server, awaited. Those that come while the task does something else wait here.
class Acceptor {
 public:
  explicit Acceptor(const Server& server);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  class [[nodiscard]] Awaiter {
   public:
    bool await_ready() { return acceptor_.prepare(); }
    void await_suspend(std::coroutine_handle<> task) noexcept { acceptor_.waiter_.note(waiting_, task); }
    std::optional<Socket> await_resume() { return acceptor_.take(); }

   private:
    friend class Acceptor;
    explicit Awaiter(Acceptor& acceptor) noexcept : acceptor_(acceptor) {}
    Acceptor& acceptor_;
    detail::WaitingTask waiting_;
  };

  /// The next connection; empty when the server is closed, which it is when its connections are (S9.14). Throws the
  /// Error if listening or accepting failed.
  Awaiter next() { return Awaiter(*this); }

 private:
  /// A connection that nobody took yet. What happens to it meanwhile is known to whoever takes it.
  struct Arrived {
    Socket socket;
    Listener error;
  };

  bool prepare();
  void wake() {
    if (waiter_) waiter_.resume();
  }
  std::optional<Socket> take();

  detail::WaitPlace waiter_;
  detail::Queue<Arrived> arrived_;
  std::optional<Error> failure_;
  bool closed_ = false;
  detail::OwnListeners<Server> listeners_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/reader.ipp>

#endif
