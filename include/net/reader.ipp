// The bodies of reader.hpp. Internal.
#ifndef NET_READER_IPP
#define NET_READER_IPP

#include <net/reader.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail {

NET_API std::uint64_t number_of(std::string_view bytes, Endian endian) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char byte = bytes[endian == Endian::big ? i : bytes.size() - 1 - i];
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  return number;
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Reader::Reader(const Socket& socket, const ReaderOptions& options) : listeners_(socket) {
  detail::require_timeout(options.lingering);
  const double lingering = options.lingering.milliseconds();
  detail::Access::state(socket).expect_to_be_left(lingering == ReaderOptions().lingering.milliseconds() ? -1
                                                                                                        : lingering);
  // one that was closed or read before emits nothing any more
  ended_ = socket.readableEnded();
  if (const Error error = socket.errored()) {
    failure_.emplace(error);
  } else if (socket.destroyed() && !ended_) {
    failure_.emplace(detail::make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
  }
  socket.pause();
  listeners_.on<"data">([this](Chunk chunk) { received(chunk); });
  listeners_.on<"end">([this] {
    ended_ = true;
    wake();
  });
  listeners_.on<"error">([this](const Error& error) { fail(error); });
  listeners_.on<"close">([this] {
    if (!ended_) fail(detail::make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
  });
}

/// Calls nobody, and allocates nothing, unless a task waits.
NET_API Reader::~Reader() {
  if (gone_) *gone_ = true;
  listeners_.off();
  waiter_.close(detail::Access::state(socket()));
  detail::SocketState& state = detail::Access::state(socket());
  state.leave(rest(), !ended_ && !failure_);
  if (state.loop) held_.give_back(state.loop->receiving());
}

NET_API void Reader::require_delimiter(std::string_view delimiter) {
  if (delimiter.empty()) detail::throw_error(detail::invalid_value("delimiter", "must not be empty", "''"));
}

NET_API detail::ReadRequest Reader::prefixed(int bytes, Endian endian, std::size_t limit) {
  if (bytes < 1 || bytes > 8) detail::throw_error(detail::out_of_range("bytes", ">= 1 && <= 8", std::to_string(bytes)));
  return {.kind = Kind::prefixed, .endian = endian, .prefix = static_cast<std::uint8_t>(bytes), .amount = limit};
}

NET_API bool Reader::prepare(const detail::ReadRequest& request) {
  if (waiter_) detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this reader already"));
  request_ = &request;
  searched_ = 0;
  return settle();
}

NET_API bool Reader::settle() {
  size_ = none;
  too_long_ = false;
  if (request_->kind != Kind::chunk) {
    find();
  } else if (const std::size_t there = rest().size()) {
    found(0, there, there);
  }
  return size_ != none || too_long_ || ended_ || static_cast<bool>(failure_);
}

/// Apart from the pieces as they come: those are the common case.
NET_GNU(noinline) NET_API void Reader::find() {
  switch (request_->kind) {
    case Kind::chunk: break;
    case Kind::exact:
      if (rest().size() >= request_->amount) found(0, request_->amount, request_->amount);
      break;
    case Kind::line: settle_line(); break;
    case Kind::delimited: settle_delimited(); break;
    case Kind::prefixed: settle_prefixed(); break;
  }
  // each message of several that came together is one more to answer
  if (has_found()) detail::Access::state(socket()).note_question();
}

NET_API void Reader::settle_line() {
  const std::string_view rest = this->rest();
  const std::size_t at = rest.find('\n', searched_);
  std::size_t size = at == rest.npos ? rest.size() : at;
  // a carriage return at the end of what is there may belong to the line feed that follows
  if (size > 0 && rest[size - 1] == '\r' && (at != rest.npos || !ended_)) --size;
  too_long_ = size > request_->amount;
  if (too_long_) return;
  if (at != rest.npos) {
    found(0, size, at + 1);
  } else if (ended_ && !failure_ && !rest.empty()) {
    found(0, size, rest.size());
  } else {
    searched_ = rest.size();
  }
}

NET_API void Reader::settle_delimited() {
  const std::string_view rest = this->rest();
  const std::size_t length = request_->delimiter->size();
  const std::size_t at = rest.find(*request_->delimiter, searched_);
  // what is there may hold all of the delimiter but its last byte
  const std::size_t kept = rest.size() < length - 1 ? rest.size() : length - 1;
  too_long_ = (at == rest.npos ? rest.size() - kept : at) > request_->amount;
  if (too_long_) return;
  at != rest.npos ? found(0, at, at + length) : void(searched_ = rest.size() - kept);
}

NET_API void Reader::settle_prefixed() {
  const std::string_view rest = this->rest();
  const std::size_t prefix = request_->prefix;
  if (rest.size() < prefix) return;
  const std::uint64_t size = detail::number_of(rest.substr(0, prefix), request_->endian);
  too_long_ = size > request_->amount;
  if (too_long_ || rest.size() - prefix < size) return;
  found(prefix, static_cast<std::size_t>(size), prefix + static_cast<std::size_t>(size));
}

NET_API void Reader::require_end() {
  if (too_long_) {
    detail::throw_error(Error(std::make_error_code(std::errc::message_size),
                              (request_->kind == Kind::line ? "A line is longer than " : "A message is longer than ") +
                                  std::to_string(request_->amount) + " bytes"));
  }
  if (failure_) detail::throw_error(*failure_);
  if (!rest().empty()) detail::throw_error(detail::make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
}

NET_API void Reader::received(std::string_view bytes) {
  if (!waiter_) {  // the task that let it flow may be gone, or wait for 'close'
    held_.add_unasked(bytes);
    return pause();
  }
  if (bytes.size() >= detail::ReceivedBytes::large && rest().empty()) return received_much(bytes);
  held_.add(bytes);
  if (!settle()) return note_part();
  resume(nullptr);
}

/// The task may have asked for all of it, and ask again before it does anything else: then nothing is copied.
NET_GNU(noinline) NET_API void Reader::received_much(std::string_view bytes) {
  detail::ReceiveBuffer& buffer = detail::Access::state(socket()).loop->receiving();
  const bool borrowed = held_.borrow(bytes, buffer);
  if (!borrowed) held_.add(bytes);
  if (settle()) return resume(borrowed ? &buffer : nullptr);
  if (borrowed) {
    buffer.lend_no_more();
    held_.skip(bytes.size());
    held_.add(bytes);
  }
  note_part();
}

/// The task may destroy this reader, also behind another 'data'; one of a foreign type may throw, and the reader lives
/// on.
NET_API void Reader::resume(detail::ReceiveBuffer* lent) {
  bool gone = false;
  struct Resuming {
    Reader& reader;
    const bool& gone;
    bool* outer;
    detail::ReceiveBuffer* lent;
    ~Resuming() {
      if (!gone) {
        reader.gone_ = outer;
      } else if (outer) {
        *outer = true;
      }
      if (lent) [[unlikely]]
        end_loan();
    }
    /// What was lent stays with the task that got it, unless that has asked again.
    void end_loan() const noexcept {
      const auto asked = [this] {
        const std::string_view rest = reader.rest();
        return reader.waiter_ && (rest.empty() || !lent->holds(rest.data()));
      };
      if (!gone && !asked()) reader.held_.keep(*lent);
      lent->lend_no_more();
    }
  };
  {
    const Resuming resuming{*this, gone, detail::exchange(gone_, &gone), lent};
    waiter_.resume();
    if (gone) return;
    if (lent && waiter_) held_.own_rest();  // throws without memory
  }
  if (!waiter_) pause();
}

NET_API void Reader::pause() {
  detail::SocketState& state = detail::Access::state(socket());
  if (state.reader_note == Note::runs_on && rest().size() < max_held) return;
  socket().pause();
  state.reader_note.move_to(rest().empty() ? Note::idle : Note::holds_bytes);
}

/// It would be lost if the socket went to another process now.
NET_API void Reader::note_part() {
  if (!rest().empty()) detail::Access::state(socket()).reader_note.move_to(Note::holds_part);
}

NET_API void Reader::fail(const Error& error) {
  if (!failure_) failure_.emplace(error);
  wake();
}

NET_API void Reader::wait(detail::WaitingTask& waiting, std::coroutine_handle<> task) {
  detail::SocketState& state = detail::Access::state(socket());
  if (held_.keeps() && state.loop) [[unlikely]]
    held_.settle(state.loop->receiving());
  state.reader_is_asked(!rest().empty());
  if (state.is_paused()) state.resume();
  waiter_.note(waiting, state.loop, task);
}

NET_API void Reader::wake() {
  if (waiter_ && settle()) waiter_.resume();
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
