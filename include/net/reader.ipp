// The bodies of reader.hpp. Internal.
#ifndef NET_READER_IPP
#define NET_READER_IPP

#include <net/reader.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API WaitingTask::~WaitingTask() {
  if (place_) place_->forget();
}

NET_API void WaitPlace::note(WaitingTask& waiting, std::coroutine_handle<> task) noexcept {
  waiting.task_ = task;
  waiting.place_ = this;
  waiting_ = &waiting;
}

NET_API void WaitPlace::resume() {
  const std::coroutine_handle<> task = waiting_->task_;
  forget();
  task.resume();
}

NET_API void WaitPlace::forget() noexcept {
  if (waiting_) std::exchange(waiting_, nullptr)->place_ = nullptr;
}

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API Reader::Reader(const Socket& socket) : listeners_(socket) {
  // one that was closed or read before emits nothing any more
  ended_ = socket.readableEnded() || socket.destroyed();
  if (const Error error = socket.errored()) failure_ = error;
  socket.pause();
  listeners_.on<"data">([this](Chunk chunk) { received(chunk); });
  listeners_.on<"end">([this] {
    ended_ = true;
    wake();
  });
  listeners_.on<"error">([this](const Error& error) {
    failure_ = error;
    wake();
  });
  listeners_.on<"close">([this] {
    ended_ = true;
    wake();
  });
}

/// Calls nobody, and allocates nothing.
NET_API Reader::~Reader() {
  if (gone_) *gone_ = true;
  listeners_.off();
  // it may flow just now, and a task that has ended left nobody behind to hear of a late reset
  detail::Access::state(socket()).leave_alone(!ended_ && !failure_);
}

NET_API bool Reader::prepare(Kind kind, std::size_t amount) {
  if (waiter_) detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this reader already"));
  kind_ = kind;
  amount_ = amount;
  return settle();
}

NET_API bool Reader::settle() {
  size_ = none;
  const std::string_view rest = this->rest();
  if (kind_ == Kind::line) {
    settle_line();
    if (size_ != none || too_long_) return true;
  } else if (kind_ == Kind::exact ? rest.size() >= amount_ : !rest.empty()) {
    const std::size_t size = kind_ == Kind::exact ? amount_ : rest.size();
    return found(size, size);
  }
  return ended_ || failure_;
}

NET_API void Reader::settle_line() {
  const std::string_view rest = this->rest();
  const std::size_t at = rest.find('\n', searched_);
  std::size_t size = at == rest.npos ? rest.size() : at;
  // a carriage return at the end of what is there may belong to the line feed that follows
  if (size > 0 && rest[size - 1] == '\r' && (at != rest.npos || !ended_)) --size;
  too_long_ = size > amount_;
  if (too_long_) return;
  if (at != rest.npos) {
    found(size, at + 1);
  } else if (ended_ && !failure_ && !rest.empty()) {
    found(size, rest.size());
  } else {
    searched_ = rest.size();
  }
}

NET_API std::optional<Chunk> Reader::take() {
  if (size_ != none) {
    const std::string_view piece = rest().substr(0, size_);
    start_ += skip_;
    searched_ = 0;
    return Chunk(piece);
  }
  if (kind_ == Kind::line && too_long_) {
    detail::throw_error(Error(std::make_error_code(std::errc::message_size),
                              "A line is longer than " + std::to_string(amount_) + " bytes"));
  }
  if (failure_) detail::throw_error(*failure_);
  if (start_ < held_.size()) detail::throw_error(detail::make_error(Errc::ERR_STREAM_PREMATURE_CLOSE));
  return std::nullopt;
}

NET_API void Reader::received(std::string_view bytes) {
  if (start_ == held_.size()) {
    held_.assign(bytes);
  } else {
    held_.erase(0, start_);
    held_.append(bytes);
  }
  start_ = 0;
  // the task that let it flow may be gone
  if (!waiter_) return void(socket().pause());
  if (!settle()) return;
  bool gone = false;
  // a task of the user's own kind may throw, and the reader lives on
  struct Resuming {
    Reader& reader;
    const bool& gone;
    bool* outer;
    ~Resuming() {
      if (!gone) {
        reader.gone_ = outer;
      } else if (outer) {
        *outer = true;
      }
    }
  };
  {
    const Resuming resuming{*this, gone, std::exchange(gone_, &gone)};
    waiter_.resume();
    if (gone) return;
  }
  if (!waiter_) socket().pause();
}

NET_API Acceptor::Acceptor(const Server& server) : listeners_(server) {
  closed_ = !detail::Access::state(server).loop;
  listeners_.on<"connection">([this](Socket socket) {
    Listener error;
    if (!waiter_) error = socket.addListener<"error">([](const Error&) {});
    arrived_.push({socket, error});
    wake();
  });
  listeners_.on<"error">([this](const Error& error) {
    failure_ = error;
    wake();
  });
  listeners_.on<"close">([this] {
    closed_ = true;
    wake();
  });
}

NET_API Acceptor::~Acceptor() {
  listeners_.off();
  // nobody will ever serve them
  while (!arrived_.empty()) detail::Access::state(arrived_.pop_front().socket).destroy_always();
}

NET_API std::optional<Socket> Acceptor::take() {
  if (!arrived_.empty()) {
    const Arrived arrived = arrived_.pop_front();
    arrived.socket.off(arrived.error);
    return arrived.socket;
  }
  if (failure_) {
    const Error error = *std::exchange(failure_, std::nullopt);
    detail::throw_error(error);
  }
  return std::nullopt;
}

NET_API Reader::Awaiter Reader::next() { return {*this, Kind::chunk, 0}; }

NET_API Reader::Awaiter Reader::read(std::size_t n) { return {*this, Kind::exact, n}; }

NET_API Reader::Awaiter Reader::readLine(std::size_t limit) { return {*this, Kind::line, limit}; }

NET_API void Reader::wait(detail::WaitingTask& waiting, std::coroutine_handle<> task) {
  if (socket().isPaused()) socket().resume();
  waiter_.note(waiting, task);
}

NET_API void Reader::wake() {
  if (waiter_ && settle()) waiter_.resume();
}

NET_API std::string_view Reader::rest() const noexcept { return {held_.data() + start_, held_.size() - start_}; }

NET_API bool Acceptor::prepare() {
  if (waiter_)
    detail::throw_error(detail::make_error(Errc::ERR_INVALID_STATE, "A task waits for this acceptor already"));
  return !arrived_.empty() || failure_ || closed_;
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
