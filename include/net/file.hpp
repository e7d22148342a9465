// Files as streams: to send one through a socket, or to keep what one receives.
#ifndef NET_FILE_HPP
#define NET_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/file/reading.hpp>
#include <net/detail/file/writing.hpp>
#include <net/detail/stream/payload.hpp>
#include <net/detail/stream/pipe.hpp>
#include <net/emitter.hpp>
#include <net/error.hpp>
#include <net/loop.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::inline NET_MACHINE {

/// Options of a FileReader. `start` and `end` are bytes of the file, both included, as in Node.
struct FileReaderOptions {
  std::uint64_t start = 0;                ///< the first byte
  std::optional<std::uint64_t> end = {};  ///< the last byte; without it the file's last
  std::size_t highWaterMark = 262144;     ///< bytes a piece; two of them are kept at most
};

/// A file that is read as a stream: `net::FileReader("page.html").pipe(socket)`. Threads of the process read it while
/// the loop goes on, never more than two pieces ahead. It is opened at once, and read as soon as it has a 'data'
/// listener or is piped or resumed. After 'end' or an error the file is closed. A handle: copies are the same stream.
/// It goes on without one while it flows. One that is held back closes when its last handle goes: for instance when the
/// socket that it was piped to is gone.
///
/// Events: `open`; `data` (Chunk, a view for the time of the call); `end`: all was read; `error` (const Error&), whose
/// `address()` is the path, and which leaves `run()` if nobody listens; `close`: the last one.
class FileReader : public Emitter<FileReader> {
 public:
  using Events = detail::FileEvents;

  /// All copies are the same reader. A handle that was moved from still refers to it: none is ever empty.
  FileReader(const FileReader&) noexcept = default;
  FileReader& operator=(const FileReader&) noexcept = default;

  /// On this thread's loop, or on `loop`. Throws `ERR_OUT_OF_RANGE` for a mark of 0, `ERR_INVALID_ARG_VALUE` for a
  /// path with a NUL.
  explicit FileReader(std::string path, const FileReaderOptions& options = {})
      : FileReader(Loop::current(), std::move(path), options) {}
  FileReader(Loop& loop, std::string path, const FileReaderOptions& options = {});

  /// Holds 'data' back; what a thread reads already is kept.
  const FileReader& pause() const {
    state_->pause();
    return *this;
  }
  const FileReader& resume() const {
    state_->resume();
    return *this;
  }
  /// Sends all of it to a destination, never faster than that takes it, and ends that behind it unless `{.end = false}`
  /// (S24). A destination is a socket, a FileWriter or another `Writable`.
  template <Writable Destination>
  Destination pipe(Destination destination, PipeOptions options = {.end = true}) const {
    detail::start_pipe<detail::EmitsNothing>(*this, destination, options);
    return destination;
  }
  template <Writable Destination>
  const FileReader& unpipe(const Destination& destination) const {
    detail::unpipe_from<detail::EmitsNothing>(*this, destination);
    return *this;
  }
  const FileReader& unpipe() const {
    detail::unpipe_all(*this);
    return *this;
  }
  /// Reads no more: 'error', if one is given, and 'close' follow.
  const FileReader& destroy() const { return destroy(detail::no_error()); }
  const FileReader& destroy(const Error& error) const {
    state_->destroy(error);
    return *this;
  }

  /// The path that it was made with.
  const std::string& path() const noexcept { return state_->path; }
  /// How many bytes were emitted.
  std::uint64_t bytesRead() const noexcept { return state_->moved; }
  /// Whether 'data' is held back by `pause()`; and whether it flows: nothing, before anybody has asked.
  bool isPaused() const noexcept { return state_->asked == detail::Flow::paused; }
  std::optional<bool> readableFlowing() const noexcept {
    if (state_->asked == detail::Flow::unset) return std::nullopt;
    return state_->asked == detail::Flow::flowing;
  }
  /// Whether 'end' was emitted.
  bool readableEnded() const noexcept { return state_->end_emitted; }
  /// Whether it was destroyed, which it is after 'end' too; and with which error, if with one.
  bool destroyed() const noexcept { return state_->destroyed(); }
  const Error& errored() const noexcept { return state_->errored; }

 private:
  friend class Emitter<FileReader>;
  friend struct detail::Access;

  explicit FileReader(detail::FileReading& state) : state_(&state) {}
  static FileReader from_state(void* state) { return FileReader(*static_cast<detail::FileReading*>(state)); }
  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name> && Name.view() != "drain" && Name.view() != "finish";
    static_assert(known, "net::FileReader has no event of that name; it has: open data end error close");
  }

  detail::Ref<detail::FileReading> state_;
};

/// Options of a FileWriter.
struct FileWriterOptions {
  bool append = false;                 ///< behind what is there; otherwise the file is emptied
  bool exclusive = false;              ///< fails with EEXIST if there is a file of that name
  int mode = 0666;                     ///< of a new file, less the process's mask
  std::size_t highWaterMark = 262144;  ///< bytes that may wait before `write` says false
};

/// A file that is written as a stream: `socket.pipe(net::FileWriter("upload"))`. Threads of the process write it while
/// the loop goes on. It is opened at once. A handle: copies are the same stream. What was written or ended is carried
/// out without one; a stream that nobody can write to any more closes, without 'finish'. What has not reached the file
/// when the loop is destroyed or the process ends is written then, without events (S31.7); a FIFO or a device gets what
/// it has space for.
///
/// Events: `open`; `drain`: all that waited is written, after a `write` that said false; `finish`: after `end()`, when
/// all was written and the file was closed without an error; `error` (const Error&), whose `address()` is the path, and
/// which leaves `run()` if nobody listens; `close`: the last one.
class FileWriter : public Emitter<FileWriter> {
 public:
  using Events = detail::FileEvents;

  /// All copies are the same writer. A handle that was moved from still refers to it: none is ever empty.
  FileWriter(const FileWriter&) noexcept = default;
  FileWriter& operator=(const FileWriter&) noexcept = default;

  /// On this thread's loop, or on `loop`. Throws `ERR_OUT_OF_RANGE` for a mark of 0, `ERR_INVALID_ARG_VALUE` for a
  /// path with a NUL.
  explicit FileWriter(std::string path, const FileWriterOptions& options = {})
      : FileWriter(Loop::current(), std::move(path), options) {}
  FileWriter(Loop& loop, std::string path, const FileWriterOptions& options = {});

  /// Takes all the bytes; false: better wait for 'drain'. The callback gets the error, or none when they were written.
  template <class Data, class F = std::nullptr_t>
  bool write(const Data& data, F&& callback = nullptr) const {
    return state_->write(detail::bytes_of(data), detail::write_callback(std::forward<F>(callback)));
  }
  /// No more comes: 'finish' and 'close' follow. The callback is called before 'finish', or with the error.
  template <class F = std::nullptr_t>
    requires(!detail::Payload<F>)
  const FileWriter& end(F&& callback = nullptr) const {
    state_->end(detail::write_callback(std::forward<F>(callback)));
    return *this;
  }
  /// Writes and then ends.
  template <detail::Payload Data, class F = std::nullptr_t>
  const FileWriter& end(const Data& data, F&& callback = nullptr) const {
    state_->end(detail::bytes_of(data), detail::write_callback(std::forward<F>(callback)));
    return *this;
  }
  /// Writes no more: what waits is dropped, its callbacks get `ERR_STREAM_DESTROYED` or the error; 'error', if one is
  /// given, and 'close' follow.
  const FileWriter& destroy() const { return destroy(detail::no_error()); }
  const FileWriter& destroy(const Error& error) const {
    state_->destroy(error);
    return *this;
  }

  /// The path that it was made with.
  const std::string& path() const noexcept { return state_->path; }
  /// How many bytes were written, and how many wait.
  std::uint64_t bytesWritten() const noexcept { return state_->moved; }
  std::size_t writableLength() const noexcept { return state_->length(); }
  /// Whether a `write` said false, and 'drain' has not come since.
  bool writableNeedDrain() const noexcept { return state_->need_drain && !state_->ending(); }
  /// Whether `end()` was called, and whether 'finish' was emitted.
  bool writableEnded() const noexcept { return state_->ending(); }
  bool writableFinished() const noexcept { return state_->finished(); }
  /// Whether it was destroyed, which it is after 'finish' too; and with which error, if with one.
  bool destroyed() const noexcept { return state_->destroyed(); }
  const Error& errored() const noexcept { return state_->errored; }

 private:
  friend class Emitter<FileWriter>;
  friend struct detail::Access;

  explicit FileWriter(detail::FileWriting& state) : state_(&state) {}
  static FileWriter from_state(void* state) { return FileWriter(*static_cast<detail::FileWriting*>(state)); }
  template <fixed_string Name>
  static constexpr void check_event() {
    constexpr bool known = Events::has<Name> && Name.view() != "data" && Name.view() != "end";
    static_assert(known, "net::FileWriter has no event of that name; it has: open drain finish error close");
  }

  detail::Ref<detail::FileWriting> state_;
};

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#include <net/file.ipp>

#endif
