// The bodies of port.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PORT_IPP
#define NET_DETAIL_SYS_WINDOWS_PORT_IPP

#include <net/detail/sys/windows/port.hpp>

#if NET_BODIES

#include <cerrno>

#include <net/detail/base/exchange.hpp>
#include <net/detail/sys/windows/errors.hpp>
#include <net/detail/sys/windows/thread.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API void PortEntry::release() noexcept {
  if (owners.fetch_sub(1) != 1) return;
  if (port) port->detach(*this);
  operations->free(*this);
}

NET_API Refusal Port::open() noexcept {
  shut();
  port_ = win::CreateIoCompletionPort(win::no_file(), nullptr, 0, 1);
  return port_ ? Refusal{} : Refusal{-os::last_error(), "CreateIoCompletionPort"};
}

NET_API void Port::shut() noexcept {
  if (!port_) return;
  for (PortEntry* entry = all_; entry; entry = entry->next_of_port) entry->operations->cancel(*entry);
  // what the system still has must not be freed; a few seconds are for a system that never gives it back
  bool woken = false;
  for (int tries = 0; in_flight_.load() > 0 && tries < 50; ++tries) dequeue(100, woken);
  ready_.take_all(queue_);
  while (PortEntry* const entry = ready_.pop()) {
    entry->place = PortEntry::Place::nowhere;
    entry->release();
  }
  while (all_) detach(*all_);
  win::CloseHandle(detail::exchange(port_, nullptr));
}

NET_API int Port::attach(PortEntry& entry) noexcept {
  if (entry.port == this) return 0;
  if (entry.port || !port_) return -EEXIST;
  entry.port = this;
  entry.link_of_port = &all_;
  entry.next_of_port = detail::exchange(all_, &entry);
  if (entry.next_of_port) entry.next_of_port->link_of_port = &entry.next_of_port;
  const int failed = entry.operations->attached(entry);
  if (failed < 0) detach(entry);
  return failed;
}

NET_API void Port::detach(PortEntry& entry) noexcept {
  forget_due(entry);
  *entry.link_of_port = entry.next_of_port;
  if (entry.next_of_port) entry.next_of_port->link_of_port = entry.link_of_port;
  entry.port = nullptr;
}

NET_API int Port::associate(win::Handle handle, unsigned char modes) noexcept {
  if (!win::CreateIoCompletionPort(handle, port_, 0, 0)) return os::last_error();
  return win::SetFileCompletionNotificationModes(handle, modes) ? 0 : os::last_error();
}

NET_API void Port::queue(PortEntry& entry) noexcept {
  if (entry.place != PortEntry::Place::nowhere) return;
  entry.place = PortEntry::Place::queued;
  entry.retain();
  queue_.push(entry);
}

NET_API void Port::set_due(PortEntry& entry, std::uint64_t after_ms) noexcept {
  forget_due(entry);
  entry.due_at = os::now_ns() / 1000000 + after_ms + 1;  // the clock's millisecond has begun already
  entry.link_due = &due_;
  entry.next_due = detail::exchange(due_, &entry);
  if (entry.next_due) entry.next_due->link_due = &entry.next_due;
}

NET_API void Port::forget_due(PortEntry& entry) noexcept {
  if (!entry.link_due) return;
  *entry.link_due = entry.next_due;
  if (entry.next_due) entry.next_due->link_due = entry.link_due;
  entry.link_due = nullptr;
}

NET_API void Port::began(PortOperation& operation) noexcept {
  operation.in_flight = true;
  operation.entry->retain();
  in_flight_.fetch_add(1);
}

/// Telling needs memory of the system's: without it whoever tells waits, since a wait that is not ended may last for
/// ever.
NET_API bool Port::tell(::_OVERLAPPED* what) noexcept {
  while (!win::PostQueuedCompletionStatus(port_, 0, 0, what)) {
    if (os::last_error() != -ENOMEM) return false;  // there is no port
    win::Sleep(1);
  }
  return true;
}

NET_API void Port::post(PortOperation& operation) noexcept {
  began(operation);
  if (tell(operation.begin())) return;
  operation.in_flight = false;
  in_flight_.fetch_sub(1);
  operation.entry->release();
}

NET_API void Port::prepare_all() noexcept {
  PortQueue now;
  now.take_all(queue_);
  while (PortEntry* const entry = now.pop()) {
    entry->place = PortEntry::Place::nowhere;
    if (entry->operations->prepare(*entry) != 0) {
      entry->place = PortEntry::Place::ready;
      ready_.push(*entry);
    } else {
      entry->release();
    }
  }
}

NET_API PortEntry* Port::next_ready(unsigned& what) noexcept {
  while (PortEntry* const entry = ready_.pop()) {
    entry->place = PortEntry::Place::nowhere;
    what = entry->operations->take(*entry) & entry->interest();
    queue(*entry);
    entry->release();
    if (what != 0) return entry;
  }
  return nullptr;
}

NET_API void Port::expire() noexcept {
  if (!due_) return;
  const std::uint64_t now = os::now_ns() / 1000000;
  for (PortEntry* entry = due_; entry;) {
    PortEntry* const next = entry->next_due;
    if (entry->due_at <= now) {
      forget_due(*entry);
      entry->operations->due(*entry);
      queue(*entry);
    }
    entry = next;
  }
}

NET_API int Port::wait_time(int milliseconds) const noexcept {
  if (!ready_.empty()) return 0;
  if (!due_) return milliseconds;
  const std::uint64_t now = os::now_ns() / 1000000;
  for (const PortEntry* entry = due_; entry; entry = entry->next_due) {
    const int left = entry->due_at > now ? static_cast<int>(entry->due_at - now) : 0;
    if (milliseconds < 0 || left < milliseconds) milliseconds = left;
  }
  return milliseconds;
}

NET_API int Port::dequeue(int milliseconds, bool& woken) noexcept {
  win::Completed events[max_events];
  win::Word count = 0;
  const win::Word wait = milliseconds < 0 ? win::wait_forever : static_cast<win::Word>(milliseconds);
  if (!win::GetQueuedCompletionStatusEx(port_, win::as<::_OVERLAPPED_ENTRY>(&events[0]), max_events, &count, wait, 0)) {
    const int failed = os::last_error();
    return failed == -ETIMEDOUT ? 0 : failed;
  }
  for (win::Word i = 0; i < count; ++i) {
    if (!events[i].operation) {
      woken = true;
      continue;
    }
    auto& operation = *reinterpret_cast<PortOperation*>(events[i].operation);
    PortEntry& entry = *operation.entry;
    const auto status = static_cast<win::Word>(operation.overlapped.status);
    operation.in_flight = false;
    in_flight_.fetch_sub(1);
    entry.operations->done(entry, operation, os::status_error(status), events[i].size);
    queue(entry);
    entry.release();
  }
  return static_cast<int>(count);
}

NET_API Refusal Port::collect(int milliseconds) noexcept {
  if (!port_) return {};
  const std::uint64_t until = milliseconds > 0 ? os::now_ns() + static_cast<std::uint64_t>(milliseconds) * 1000000 : 0;
  for (bool woken = false;;) {
    prepare_all();
    const int count = dequeue(wait_time(milliseconds), woken);
    if (count < 0) return {-count, "GetQueuedCompletionStatusEx"};
    expire();
    prepare_all();
    if (!ready_.empty() || woken || milliseconds == 0) return {};
    if (milliseconds < 0) continue;
    // the system's clock is a coarse one: whoever waits is not woken too early
    const std::uint64_t now = os::now_ns();
    if (now >= until) return {};
    milliseconds = static_cast<int>((until - now + 999999) / 1000000);
  }
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
