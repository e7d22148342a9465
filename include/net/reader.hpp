// Reading a socket in a coroutine: one thing at a time, in order.
#ifndef NET_READER_HPP
#define NET_READER_HPP

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/acceptor.hpp>
#include <net/chunk.hpp>
#include <net/detail/base/exchange.hpp>
#include <net/detail/coro/needs_co_await.hpp>
#include <net/detail/coro/received_bytes.hpp>
#include <net/detail/coro/wait_place.hpp>
#include <net/duration.hpp>
#include <net/error.hpp>
#include <net/socket.hpp>

namespace net::inline NET_ABI {

/// The order of the bytes of a number: `big` is that of the network.
enum class Endian : std::uint8_t { big, little };

}  // namespace net::inline NET_ABI

namespace net::inline NET_ABI::detail {

/// What a reader is asked for.
struct ReadRequest {
  enum class Kind : std::uint8_t { chunk, exact, line, delimited, prefixed };

  Kind kind = Kind::chunk;
  Endian endian = Endian::big;
  std::uint8_t prefix = 0;  // bytes of the length in front
  std::size_t amount = 0;   // so many bytes, or no more than these
  const std::string* delimiter = nullptr;
};

/// The number that these bytes are.
NET_API std::uint64_t number_of(std::string_view bytes, Endian endian) noexcept;

/// How a result is made of the bytes that were found.
struct AsChunk {
  using type = Chunk;
  static Chunk of(std::string_view bytes, Endian) noexcept { return bytes; }
};
struct AsString {
  using type = std::string;
  static std::string of(std::string_view bytes, Endian) { return std::string(bytes); }
};
template <class T>
struct AsNumber {
  using type = T;
  static T of(std::string_view bytes, Endian endian) noexcept { return static_cast<T>(number_of(bytes, endian)); }
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Options of a Reader.
struct ReaderOptions {
  Duration lingering = 30000;  ///< how long what still comes is thrown away, once this side has ended (S34.5)
};

/// What a socket receives, awaited. Between two waits the socket is paused, so that what the task does not take
/// stays with the other side. One task reads at a time. The reader hears the socket's errors: they are thrown by the
/// next wait, and so is `ERR_STREAM_PREMATURE_CLOSE` if the socket was closed before its end came.
///
/// It does not own the socket. When it goes before the end, another reader, a listener or `pipe` goes on where it
/// stopped. If there is none, and this side has ended, what the other side still sends is thrown away until that ends
/// too, for `lingering` and 16 MiB at most; then the socket is destroyed. If it has not ended, the socket is destroyed
/// with its last handle (S34.5). A task that has ended its side and waits for 'close' beside its reader waits no longer
/// either: the reader keeps what still comes, 1 MiB at most. An error then ends no program: 'close' shows it.
///
/// Each function takes `WaitOptions` last, also in braces: `co_await reader.readLine(100, {.timeout = 5s})` (S34.6).
class Reader {
  template <class As>
  class Awaiter;
  template <class As>
  class DelimitedAwaiter;

 public:
  /// Pauses the socket until the first wait. Throws `ERR_OUT_OF_RANGE` for a `lingering` below 0 or without end.
  explicit Reader(const Socket& socket, const ReaderOptions& options = {});
  /// Refused: what is no socket.
  template <class Other>
    requires(!std::is_convertible_v<const Other&, const Socket&>)
  explicit Reader(const Other&, const ReaderOptions& = {}) : listeners_(Socket()) {
    constexpr bool is_socket = std::is_void_v<Other>;
    static_assert(is_socket, "a reader reads a net::Socket; one that is optional is *socket");
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  /// Calls nobody. A task that waits for it has `ERR_STREAM_PREMATURE_CLOSE` thrown, from a tick.
  ~Reader();

  /// `std::optional<Chunk>`: what is there, at least a byte; empty at the end. A view, until the reader is asked again.
  template <class Options = detail::WaitBraces>
  auto next(Options&& options = detail::without_limit) {
    return wait_for<detail::AsChunk>({}, std::forward<Options>(options));
  }
  /// `std::optional<std::string>`: exactly so many bytes; empty at the end. Throws `ERR_STREAM_PREMATURE_CLOSE` if that
  /// comes in their middle, as all that follow do.
  template <class Options = detail::WaitBraces>
  auto read(std::size_t n, Options&& options = detail::without_limit) {
    return wait_for<detail::AsString>({.kind = Kind::exact, .amount = n}, std::forward<Options>(options));
  }
  /// `std::optional<std::string>`: a line without its line feed, and without a carriage return before that; empty at
  /// the end. What stands before the end without a line feed is a line too. Throws EMSGSIZE for a line of more bytes
  /// than the limit; then the reader stays where it is.
  template <class Options = detail::WaitBraces>
  auto readLine(std::size_t limit, Options&& options = detail::without_limit) {
    return wait_for<detail::AsString>({.kind = Kind::line, .amount = limit}, std::forward<Options>(options));
  }
  /// Refused: a line without a limit.
  template <class Unused = void>
  void readLine() {
    constexpr bool limited = !std::is_void_v<Unused>;
    static_assert(limited, "readLine takes a limit, in bytes: readLine(4096)");
  }
  /// `std::optional<std::string>`: what stands before the delimiter, which is taken too; empty at the end. Throws
  /// EMSGSIZE for more bytes than the limit, `ERR_STREAM_PREMATURE_CLOSE` if the end comes first, and
  /// `ERR_INVALID_ARG_VALUE` for an empty delimiter.
  template <class Options = detail::WaitBraces>
  auto readUntil(std::string_view delimiter, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_until<detail::AsString>(delimiter, limit, std::forward<Options>(options));
  }
  /// The same up to one byte.
  template <std::same_as<char> Char, class Options = detail::WaitBraces>
  auto readUntil(Char delimiter, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_until<detail::AsString>({&delimiter, 1}, limit, std::forward<Options>(options));
  }
  /// `std::optional<std::string>`: of a length of so many bytes, 1 to 8, and then so many bytes, the latter; empty at
  /// the end. Throws EMSGSIZE for more than the limit, `ERR_STREAM_PREMATURE_CLOSE` for an end in the middle, and
  /// `ERR_OUT_OF_RANGE` for a length that is not of 1 to 8 bytes.
  template <class Options = detail::WaitBraces>
  auto readPrefixed(int bytes, Endian endian, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_for<detail::AsString>(prefixed(bytes, endian, limit), std::forward<Options>(options));
  }

  /// Refused: no loop waits by itself.
  template <class Unused = void>
  const Chunk* begin() {
    constexpr bool awaited = !std::is_void_v<Unused>;
    static_assert(awaited, "write while (auto chunk = co_await reader.next()) { ... }");
    return nullptr;
  }
  /// Refused: as the above.
  const Chunk* end();
  template <class Unused = void>
  detail::NoWait operator co_await() const {
    constexpr bool is_wait = !std::is_void_v<Unused>;
    static_assert(is_wait, "a reader is asked: co_await reader.next(), co_await reader.readLine(4096)");
    return {};
  }
  /// Refused: how much is missing, or stands elsewhere.
  template <class Unused = void>
  void read() {
    constexpr bool counted = !std::is_void_v<Unused>;
    static_assert(counted, "read takes the number of bytes, read(16); what is there comes by next()");
  }
  template <class Memory, class... More>
    requires(std::is_pointer_v<std::decay_t<Memory>>)
  void read(Memory&&, More&&...) {
    constexpr bool counted = std::is_void_v<Memory>;
    static_assert(counted, "read takes the number of bytes, and gives a string: auto text = co_await reader.read(16)");
  }
  template <class Delimiter>
  void readUntil(Delimiter&&) {
    constexpr bool limited = std::is_void_v<Delimiter>;
    static_assert(limited, "readUntil takes a delimiter and a limit, in bytes: readUntil(\"\\r\\n\\r\\n\", 8192)");
  }
  template <std::integral Limit, detail::TextArgument Delimiter, class... More>
  void readUntil(Limit, Delimiter&&, More&&...) {
    constexpr bool limited = std::is_void_v<Delimiter>;
    static_assert(limited, "the delimiter comes first: readUntil(\"\\r\\n\\r\\n\", 8192)");
  }
  template <std::integral Bytes, class Limit = int>
    requires(!std::same_as<std::remove_cvref_t<Limit>, Endian>)
  void readPrefixed(Bytes, Limit&& = 0) {
    constexpr bool limited = std::is_void_v<Limit>;
    static_assert(
        limited,
        "readPrefixed takes the length's bytes, their order and a limit: readPrefixed(4, net::Endian::big, 65536)");
  }

  /// `std::optional<Chunk>`: the same as views, for who counts allocations: valid until the reader is asked again.
  template <class Options = detail::WaitBraces>
  auto readView(std::size_t n, Options&& options = detail::without_limit) {
    return wait_for<detail::AsChunk>({.kind = Kind::exact, .amount = n}, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readLineView(std::size_t limit, Options&& options = detail::without_limit) {
    return wait_for<detail::AsChunk>({.kind = Kind::line, .amount = limit}, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readUntilView(std::string_view delimiter, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_until<detail::AsChunk>(delimiter, limit, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readPrefixedView(int bytes, Endian endian, std::size_t limit, Options&& options = detail::without_limit) {
    return wait_for<detail::AsChunk>(prefixed(bytes, endian, limit), std::forward<Options>(options));
  }

  /// `std::optional<std::uint8_t>` and so on: a number without a sign, of so many bits; empty at the end.
  template <class Options = detail::WaitBraces>
  auto readUint8(Endian endian = Endian::big, Options&& options = detail::without_limit) {
    return number<std::uint8_t>(endian, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readUint16(Endian endian = Endian::big, Options&& options = detail::without_limit) {
    return number<std::uint16_t>(endian, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readUint32(Endian endian = Endian::big, Options&& options = detail::without_limit) {
    return number<std::uint32_t>(endian, std::forward<Options>(options));
  }
  template <class Options = detail::WaitBraces>
  auto readUint64(Endian endian = Endian::big, Options&& options = detail::without_limit) {
    return number<std::uint64_t>(endian, std::forward<Options>(options));
  }

 private:
  using Kind = detail::ReadRequest::Kind;
  using Note = detail::ReaderNote;

  template <class As>
  class [[nodiscard("write co_await before it")]] Awaiter
      : public detail::NeedsCoAwait<std::optional<typename As::type>> {
   public:
    bool await_ready() {
      waiting_.require_wanted();
      return reader_.prepare(request_);
    }
    void await_suspend(std::coroutine_handle<> task) { reader_.wait(waiting_, task); }
    std::optional<typename As::type> await_resume() {
      if (!waiting_.kept()) reader_.throw_not_kept(waiting_);
      if (!reader_.has_found()) return reader_.require_end(), std::nullopt;
      return As::of(reader_.take(), request_.endian);
    }

   private:
    friend class Reader;
    template <class Options>
    Awaiter(Reader& reader, const detail::ReadRequest& request, const Options& options)
        : reader_(reader), request_(request), waiting_(options) {}

    Reader& reader_;
    detail::ReadRequest request_;
    detail::WaitingTask waiting_;
  };

  /// The one that needs a delimiter pays for its place in the frame.
  template <class As>
  class [[nodiscard("write co_await before it")]] DelimitedAwaiter : public Awaiter<As> {
   public:
    bool await_ready() {
      this->request_.delimiter = &delimiter_;
      return Awaiter<As>::await_ready();
    }

   private:
    friend class Reader;
    template <class Options>
    DelimitedAwaiter(Reader& reader, std::string_view delimiter, std::size_t limit, const Options& options)
        : Awaiter<As>(reader, {.kind = Kind::delimited, .amount = limit}, options), delimiter_(delimiter) {}

    std::string delimiter_;
  };

  template <class As, class Options>
  Awaiter<As> wait_for(const detail::ReadRequest& request, Options&& options) {
    return {*this, request, detail::limit_of<Options>(options)};
  }
  template <class As, class Options>
  DelimitedAwaiter<As> wait_until(std::string_view delimiter, std::size_t limit, Options&& options) {
    const auto& waits = detail::limit_of<Options>(options);
    require_delimiter(delimiter);
    return {*this, delimiter, limit, waits};
  }
  template <class T, class Options>
  Awaiter<detail::AsNumber<T>> number(Endian endian, Options&& options) {
    return wait_for<detail::AsNumber<T>>({.kind = Kind::exact, .endian = endian, .amount = sizeof(T)},
                                         std::forward<Options>(options));
  }
  static void require_delimiter(std::string_view delimiter);
  static detail::ReadRequest prefixed(int bytes, Endian endian, std::size_t limit);

  /// Whether what is asked for can be given: found, or the end or a failure are known.
  bool prepare(const detail::ReadRequest& request);
  bool settle();
  void find();
  void settle_line();
  void settle_delimited();
  void settle_prefixed();
  void found(std::size_t from, std::size_t size, std::size_t with_end) noexcept {
    from_ = from, size_ = size, skip_ = with_end;
  }
  void wait(detail::WaitingTask& waiting, std::coroutine_handle<> task);
  [[noreturn]] NET_GNU(cold) NET_GNU(noinline) void throw_not_kept(const detail::WaitingTask& waiting) {
    if (waiting.given_up()) pause();  // what comes meanwhile is for whoever asks next
    waiting.throw_not_kept();
  }
  bool has_found() const noexcept { return size_ != none; }
  std::string_view take() noexcept {
    const std::string_view taken(rest().data() + from_, detail::exchange(size_, none));
    held_.skip(skip_);
    return taken;
  }
  /// Throws what there is instead, unless that is the end.
  void require_end();
  void received(std::string_view bytes);
  void received_much(std::string_view bytes);
  void resume(detail::ReceiveBuffer* lent);
  void note_part();
  void pause();
  void fail(const Error& error);
  void wake();
  const Socket& socket() const noexcept { return listeners_.emitter(); }
  std::string_view rest() const noexcept { return held_.rest(); }

  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_held = 1 << 20;  // while a task waits for 'close'

  detail::WaitPlace waiter_;
  detail::ReceivedBytes held_;
  std::size_t searched_ = 0;  // of the rest, holds no end of what is asked for
  std::size_t from_ = 0;      // of what was found for the task
  std::size_t size_ = none;   // none: nothing
  std::size_t skip_ = 0;      // the same with what stands before and behind it
  const detail::ReadRequest* request_ = nullptr;
  bool ended_ = false;
  bool too_long_ = false;
  bool* gone_ = nullptr;  // set if the reader goes while it resumes its task
  detail::Maybe<Error> failure_;
  detail::OwnListeners<Socket> listeners_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/reader.ipp>

#endif
