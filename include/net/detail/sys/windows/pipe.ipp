// The bodies of pipe.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_IPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_IPP

#include <net/detail/sys/windows/pipe.hpp>

#if NET_BODIES

#include <cerrno>
#include <cstring>
#include <new>

#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/windows/errors.hpp>
#include <net/detail/sys/windows/thread.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API PipeEntry::PipeEntry() noexcept : PortEntry(table) { reading_.entry = writing_.entry = this; }

NET_API PipeEntry::~PipeEntry() {
  close_handle();
  delete[] in_;
  delete[] out_;
  delete name_;
}

NET_API void PipeEntry::close_handle() noexcept {
  if (handle_) win::CloseHandle(detail::exchange(handle_, nullptr));
}

// ── connecting ─────────────────────────────────────────────────────────────

NET_API int PipeEntry::connect(const PipeName& name, std::uint64_t patience_ms) noexcept {
  int failed = 0;
  handle_ = open_pipe(name, failed);
  if (failed != -EBUSY) return failed;
  name_ = new (std::nothrow) PipeName(name);
  if (!name_) return -ENOMEM;
  connecting_ = true;
  gives_up_at_ = os::now_ns() / 1000000 + patience_ms;
  if (port) port->set_due(*this, busy_ms);
  return -EINPROGRESS;
}

NET_API void PipeEntry::on_due() noexcept {
  if (!connecting_) {  // nothing came for a while after the end: it is over for both sides
    cancel();
    close_handle();
    at_end_ = true;
    return;
  }
  int failed = 0;
  handle_ = open_pipe(*name_, failed);
  if (failed == -EBUSY) {
    if (os::now_ns() / 1000000 < gives_up_at_) return port->set_due(*this, busy_ms);
    failed = -ETIMEDOUT;
  }
  if (failed == 0) failed = port->associate(handle_, win::skip_port_on_success | win::skip_event);
  connect_failed_ = -failed;
  connecting_ = false;
}

// ── reading ────────────────────────────────────────────────────────────────

NET_API bool PipeEntry::can_buffer(char*& buffer) noexcept {
  if (!buffer) buffer = new (std::nothrow) char[capacity];
  return buffer != nullptr;
}

NET_API ReadResult PipeEntry::read(std::size_t size) noexcept {
  if (in_begin_ == in_end_ && port && !at_end_ && read_failed_ == 0) start_read();
  if (in_begin_ < in_end_) {
    const char* const bytes = in_ + in_begin_;
    if (size > in_end_ - in_begin_) size = in_end_ - in_begin_;
    in_begin_ += size;
    return {static_cast<std::ptrdiff_t>(size), bytes};
  }
  if (read_failed_ != 0) return {-(read_failed_ == ENOMEM ? detail::exchange(read_failed_, 0) : read_failed_), nullptr};
  return {at_end_ ? 0 : would_block, nullptr};
}

/// What was lent before is not looked at any more.
NET_API void PipeEntry::start_read() noexcept {
  if (reading_.in_flight || connecting_ || !handle_) return;
  if (!can_buffer(in_)) {
    read_failed_ = ENOMEM;
    return;
  }
  win::Word size = 0;
  while (win::ReadFile(handle_, in_, static_cast<win::Word>(capacity), &size, reading_.begin())) {
    if (size > 0) return read_done(0, size);  // none: the other side has written nothing, as it may
  }
  const int failed = -os::last_error();
  failed == EAGAIN ? port->began(reading_) : read_done(failed, size);
}

NET_API void PipeEntry::read_done(int failed, std::size_t size) noexcept {
  in_begin_ = 0;
  in_end_ = size;
  if (failed == EPIPE) {
    at_end_ = true;
  } else if (failed != ECANCELED) {
    read_failed_ = failed;
  }
  if (ending_) at_end_ || read_failed_ ? Port::forget_due(*this) : listen_for_silence();
}

// ── writing ────────────────────────────────────────────────────────────────

NET_API std::ptrdiff_t PipeEntry::write(const IoSlice* slices, std::size_t count) noexcept {
  if (!port || writing_.in_flight || connecting_) return would_block;
  if (taken_ > 0) return static_cast<std::ptrdiff_t>(detail::exchange(taken_, 0));
  if (write_failed_ != 0) return -write_failed_;
  if (!handle_) return -EPIPE;
  if (!can_buffer(out_)) return -ENOMEM;
  std::size_t size = 0;
  for (std::size_t i = 0; i < count && size < capacity; ++i) {
    const std::size_t part = slices[i].size < capacity - size ? slices[i].size : capacity - size;
    if (part > 0) std::memcpy(out_ + size, slices[i].data, part);
    size += part;
  }
  if (size == 0) return 0;
  win::Word written = 0;
  if (win::WriteFile(handle_, out_, static_cast<win::Word>(size), &written, writing_.begin())) {
    return static_cast<std::ptrdiff_t>(written);
  }
  const int failed = os::last_error();
  if (failed != would_block) return failed;
  port->began(writing_);
  return would_block;
}

NET_API void PipeEntry::write_done(int failed, std::size_t size) noexcept {
  taken_ = size;
  if (failed != ECANCELED) write_failed_ = failed;
}

// ── the end ────────────────────────────────────────────────────────────────

NET_API int PipeEntry::shutdown_write() noexcept {
  if (at_end_ || read_failed_ != 0) return 0;
  ending_ = true;
  if (port) listen_for_silence();
  return 0;
}

/// What came and was not taken yet is no silence.
NET_API void PipeEntry::listen_for_silence() noexcept {
  if (in_begin_ < in_end_) return Port::forget_due(*this);
  port->set_due(*this, silence_ms);
}

NET_API void PipeEntry::cancel() noexcept {
  if (handle_ && (reading_.in_flight || writing_.in_flight)) win::CancelIoEx(handle_, nullptr);
}

NET_API void PipeEntry::close() noexcept {
  Port::forget_due(*this);
  connecting_ = ending_ = false;
  cancel();
  close_handle();
  release();
}

/// Whether it was done before that, and with how much; the port tells it once more. The handle is no event that could
/// be waited for (skip_event): it never says that a read has ended, or always.
NET_API bool PipeEntry::call_off_read(std::size_t& came) noexcept {
  cancel();
  win::Word size = 0;
  while (!win::GetOverlappedResult(handle_, win::as<::_OVERLAPPED>(&reading_.overlapped), &size, 0)) {
    if (win::GetLastError() != win::error_io_incomplete) return false;
    win::Sleep(1);
  }
  came = size;
  return true;
}

NET_API std::string_view PipeEntry::unread() noexcept {
  std::size_t came = 0;
  if (reading_.in_flight && call_off_read(came)) return {in_, came};
  return {in_ + in_begin_, in_end_ - in_begin_};
}

NET_API win::Handle PipeEntry::release_handle() noexcept {
  Port::forget_due(*this);
  (void)unread();
  return detail::exchange(handle_, nullptr);
}

// ── readiness ──────────────────────────────────────────────────────────────

NET_API unsigned PipeEntry::ready() const noexcept {
  if (connecting_) return 0;
  unsigned what = in_begin_ < in_end_ || at_end_ || read_failed_ != 0 || connect_failed_ != 0 ? unsigned{readable} : 0u;
  if (!writing_.in_flight) what |= writable;
  return what;
}

struct PipeCalls {
  static unsigned prepare(PortEntry& entry) noexcept {
    auto& self = static_cast<PipeEntry&>(entry);
    const unsigned interest = self.interest();
    const bool reads = (interest & readable) != 0 || self.ending_;
    if (reads && self.in_begin_ == self.in_end_ && !self.at_end_ && self.read_failed_ == 0) self.start_read();
    if (self.ending_ && !self.link_due && !self.at_end_ && self.read_failed_ == 0) self.listen_for_silence();
    return self.ready() & interest;
  }
  static unsigned take(PortEntry& entry) noexcept { return static_cast<PipeEntry&>(entry).ready(); }
  static void done(PortEntry& entry, PortOperation& operation, int failed, std::size_t size) noexcept {
    auto& self = static_cast<PipeEntry&>(entry);
    &operation == &self.reading_ ? self.read_done(failed, size) : self.write_done(failed, size);
  }
  static void due(PortEntry& entry) noexcept { static_cast<PipeEntry&>(entry).on_due(); }
  static int attached(PortEntry& entry) noexcept {
    auto& self = static_cast<PipeEntry&>(entry);
    if (self.connecting_) return self.port->set_due(self, PipeEntry::busy_ms), 0;
    if (!self.handle_ || self.associated_) return 0;
    return self.port->associate(self.handle_, win::skip_port_on_success | win::skip_event);
  }
  static void cancel(PortEntry& entry) noexcept { static_cast<PipeEntry&>(entry).cancel(); }
  static NativeHandle native(const PortEntry& entry) noexcept {
    const win::Handle handle = static_cast<const PipeEntry&>(entry).handle_;
    return handle ? reinterpret_cast<NativeHandle>(handle) : no_handle;
  }
  static void free(PortEntry& entry) noexcept { delete static_cast<PipeEntry*>(&entry); }
};

NET_API constexpr PortEntry::Operations PipeEntry::table{&PipeCalls::prepare, &PipeCalls::take,     &PipeCalls::done,
                                                         &PipeCalls::due,     &PipeCalls::attached, &PipeCalls::cancel,
                                                         &PipeCalls::native,  &PipeCalls::free};

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
