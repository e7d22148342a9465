// What a channel has to send, each with what it carries and whom to tell. Internal.
#ifndef NET_DETAIL_IPC_OUTGOING_HPP
#define NET_DETAIL_IPC_OUTGOING_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/base/ref.hpp>
#include <net/detail/ipc/frames.hpp>
#include <net/detail/listen/state.hpp>
#include <net/detail/stream/state.hpp>
#include <net/detail/stream/write_queue.hpp>
#include <net/detail/text/endpoint.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// One frame, from send() until its callback was called. It is allocated once and moves from list to list.
struct Outgoing {
  Outgoing* next = nullptr;
  std::uint64_t id = 0;
  char head[frame_header_size];
  std::string bytes;        // its ticket, where there are some; the message, and what the socket has not read
  std::size_t message = 0;  // bytes of it
  std::size_t sent = 0;     // bytes that the system has taken, of head and bytes
  Ref<SocketState> socket;
  Ref<ServerState> server;
  WriteCallback callback;
  Error error;  // none: it has arrived
  bool keep_open = false;
  bool aside = false;                   // its socket is
  bool has_ticket = false;              // that was made, for the other process
  bool always_emitted = false;          // its error, also if it has a callback
  Machine::Acceptor* beside = nullptr;  // what the server listens on, if it may be closed before this leaves

  Outgoing() = default;
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;
  ~Outgoing() { delete beside; }

  /// Its server travels from now on although it is closed, as long as a descriptor and memory for that can be had.
  void outlive_server() noexcept;
  bool carries() const noexcept { return socket || server; }
  std::size_t size() const noexcept { return frame_header_size + bytes.size(); }
  std::size_t ticket() const noexcept { return carries() ? Machine::ticket_size : 0; }
  std::string_view unread() const noexcept { return std::string_view(bytes).substr(ticket() + message); }
  /// What travels with it; no_handle if it has been closed meanwhile.
  NativeHandle descriptor() const noexcept;
  void write_head() noexcept;
};

/// First in, first out; it owns them, and moving one allocates nothing.
class OutgoingList {
 public:
  OutgoingList() noexcept = default;
  OutgoingList(const OutgoingList&) = delete;
  OutgoingList& operator=(const OutgoingList&) = delete;
  ~OutgoingList() { clear(); }

  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }
  Outgoing* first() const noexcept { return first_; }
  Outgoing* last() const noexcept { return last_; }
  void push(Outgoing* one) noexcept;
  /// The first one; it is the caller's.
  Outgoing* pop() noexcept;
  /// The one of that number, or null.
  Outgoing* take(std::uint64_t id) noexcept;
  /// One at a time: what dies may be the user's, and use this list.
  void clear() noexcept {
    while (first_) delete pop();
  }

 private:
  Outgoing* first_ = nullptr;
  Outgoing* last_ = nullptr;  // null if there is none
  std::size_t size_ = 0;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/ipc/outgoing.ipp>

#endif
