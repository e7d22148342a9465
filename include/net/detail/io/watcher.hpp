// What a loop watches, and the places by which the system reports it: they outlive what they stand for. Internal.
#ifndef NET_DETAIL_IO_WATCHER_HPP
#define NET_DETAIL_IO_WATCHER_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include <net/detail/io/native_handle.hpp>

namespace net::inline NET_ABI::detail {

struct Watcher;

/// The place of one watcher in its poller. It never moves and is never freed before its poller, so the system may be
/// given its address; whom it stands for is known here.
struct Registration {
  Watcher* watcher = nullptr;    // null: it is gone
  Registration* next = nullptr;  // while it is free: the next free one
  std::size_t place = 0;         // the poller's own note
};

/// A descriptor that a loop watches. It is part of its owner, so there is no map to look things up in. It may be
/// dropped, or die, at any moment: whatever the system still reports of it is recognised as gone.
struct Watcher {
  void* owner = nullptr;  // for whoever waits
  Registration* registration = nullptr;
  NativeHandle fd = no_handle;
  std::uint8_t interest = 0;    // readable | writable; 0 is silence
  std::uint8_t registered = 0;  // what the system watches
  std::int16_t failure = 0;     // the errno that the poller was given; the system may have forgotten it since

  Watcher() noexcept = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() {
    if (registration) registration->watcher = nullptr;
  }
};

/// The registrations of one poller. One that was given up is used again only from the next round on, and only if the
/// system has confirmed that it reports it no more; so what the system reports is alive, or stands for nobody.
class Registrations {
 public:
  Registrations() noexcept { use(first_); }
  Registrations(const Registrations&) = delete;
  Registrations& operator=(const Registrations&) = delete;
  ~Registrations();

  /// Gives the watcher a place; false if there is no memory for it.
  bool add(Watcher& watcher) noexcept;

  /// `confirmed`: the system knows it no more. A place that is not is never used again.
  void remove(Registration& place, bool confirmed) noexcept;

  /// Whether it was given up, properly, since the present round began.
  bool given_up_now(const Registration& place) const noexcept {
    const Registration* at = given_up_;
    while (at && at != &place) at = at->next;
    return at != nullptr;
  }
  void begin_round() noexcept;

  /// Whether one of the watchers has the descriptor.
  bool have(NativeHandle fd) noexcept;

  template <class Each>
  void each(Each&& visit) {
    for (Page* page = pages_; page; page = page->next) {
      for (Registration& place : page->places) {
        if (place.watcher) visit(place);
      }
    }
  }

 private:
  struct Page {
    Page* next = nullptr;
    Registration places[128];
  };

  NET_GNU(noinline) bool add_page() noexcept {
    auto* const page = new (std::nothrow) Page;
    if (page) use(*page);
    return page != nullptr;
  }
  void use(Page& page) noexcept;

  Page first_;  // most loops need no more, and it needs no memory
  Page* pages_ = nullptr;
  Registration* free_ = nullptr;
  Registration* given_up_ = nullptr;
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/io/watcher.ipp>

#endif
