// A completion port, and what it is told of: operations in flight, and whose they are. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PORT_HPP
#define NET_DETAIL_SYS_WINDOWS_PORT_HPP

#include <cstddef>
#include <cstdint>
#include <utility>

#include <net/detail/base/atomic.hpp>
#include <net/detail/io/poller.hpp>
#include <net/detail/sys/windows/system.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

class Port;
struct PortEntry;

/// Something that the system was asked for. Its address is what the port reports, so it stays until that has come.
struct PortOperation {
  win::Overlapped overlapped{};  // the first member: the same address
  PortEntry* entry = nullptr;
  bool in_flight = false;

  ::_OVERLAPPED* begin() noexcept {
    overlapped = {};
    return win::as<::_OVERLAPPED>(&overlapped);
  }
};

/// What a port waits for: a socket's readiness, a pipe, a server of pipes, a waker. It turns what is in flight into
/// readiness that lasts. Whoever has it, each operation in flight, and the port's queue keep it alive.
struct PortEntry {
  struct Operations {
    /// Asks the system for what is awaited and not known yet; gives what is ready of it.
    unsigned (*prepare)(PortEntry&) noexcept;
    /// What is ready, for the one who is told of it now.
    unsigned (*take)(PortEntry&) noexcept;
    /// An operation has come to its end: 0, or an errno, and a number of bytes.
    void (*done)(PortEntry&, PortOperation&, int failed, std::size_t size) noexcept;
    /// The time that it has set has come.
    void (*due)(PortEntry&) noexcept;
    /// It belongs to its port from now on; 0 or a negated errno.
    int (*attached)(PortEntry&) noexcept;
    /// Takes back what is in flight.
    void (*cancel)(PortEntry&) noexcept;
    NativeHandle (*native)(const PortEntry&) noexcept;
    void (*free)(PortEntry&) noexcept;
  };
  enum class Place : std::uint8_t { nowhere, queued, ready };

  explicit PortEntry(const Operations& table) noexcept : operations(&table) {}
  PortEntry(const PortEntry&) = delete;
  PortEntry& operator=(const PortEntry&) = delete;

  void retain() noexcept { owners.fetch_add(1); }
  void release() noexcept;
  /// What its watcher awaits; nothing if there is none.
  unsigned interest() const noexcept {
    return registration && registration->watcher ? registration->watcher->interest : 0u;
  }

  const Operations* operations;
  Port* port = nullptr;
  Registration* registration = nullptr;  // by whom it is watched
  PortEntry* next = nullptr;             // in the queue
  PortEntry *next_of_port = nullptr, **link_of_port = nullptr;
  PortEntry *next_due = nullptr, **link_due = nullptr;
  std::uint64_t due_at = 0;  // ms
  Atomic<int> owners{1};
  Place place = Place::nowhere;

 protected:
  ~PortEntry() = default;
};

/// In the order in which they came.
class PortQueue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  void push(PortEntry& entry) noexcept {
    entry.next = nullptr;
    *last_ = &entry;
    last_ = &entry.next;
  }
  PortEntry* pop() noexcept {
    PortEntry* const entry = first_;
    if (entry && !(first_ = entry->next)) last_ = &first_;
    return entry;
  }
  void take_all(PortQueue& other) noexcept {
    if (other.empty()) return;
    *last_ = other.first_;
    last_ = other.last_;
    other.first_ = nullptr;
    other.last_ = &other.first_;
  }

 private:
  PortEntry* first_ = nullptr;
  PortEntry** last_ = &first_;
};

class Port {
 public:
  Port() noexcept = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() { shut(); }

  Refusal open() noexcept;
  /// Waits until nothing is in flight any more; what was attached belongs to no port then.
  void shut() noexcept;
  bool is_open() const noexcept { return port_ != nullptr; }

  /// 0 or a negated errno; a second port is EEXIST.
  int attach(PortEntry& entry) noexcept;
  /// What happens to this handle is told here.
  int associate(win::Handle handle, unsigned char modes) noexcept;

  /// It has something to ask the system for, or something to say.
  void queue(PortEntry& entry) noexcept;
  void set_due(PortEntry& entry, std::uint64_t after_ms) noexcept;
  static void forget_due(PortEntry& entry) noexcept;

  /// The system has it from now on.
  void began(PortOperation& operation) noexcept;
  /// In any thread: the operation is done.
  void post(PortOperation& operation) noexcept;
  /// In any thread: nothing is done, but a wait ends.
  void wake() noexcept { (void)tell(nullptr); }

  /// Waits until something is ready, and notes what; -1: for ever.
  Refusal collect(int milliseconds) noexcept;
  /// What is ready: each once a collect(). It is asked again in the next.
  PortEntry* next_ready(unsigned& what) noexcept;

 private:
  static constexpr win::Word max_events = 128;

  bool tell(::_OVERLAPPED* what) noexcept;
  void prepare_all() noexcept;
  void expire() noexcept;
  int wait_time(int milliseconds) const noexcept;
  /// What was dequeued: how many, or a negated errno.
  int dequeue(int milliseconds, bool& woken) noexcept;
  void detach(PortEntry& entry) noexcept;
  friend struct PortEntry;

  win::Handle port_ = nullptr;
  Atomic<int> in_flight_{0};
  PortQueue queue_, ready_;
  PortEntry* all_ = nullptr;
  PortEntry* due_ = nullptr;
};

/// A watcher's `fd` is a socket, or one of these: handles are multiples of four, so the lowest bit tells them apart.
inline NativeHandle tagged(PortEntry& entry) noexcept { return reinterpret_cast<NativeHandle>(&entry) | 1; }
inline PortEntry* entry_of(NativeHandle fd) noexcept {
  return fd != no_handle && (fd & 1) != 0 ? reinterpret_cast<PortEntry*>(fd & ~NativeHandle{1}) : nullptr;
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32

#include <net/detail/sys/windows/port.ipp>

#endif
