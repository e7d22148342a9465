// What a loop watches, and the names by which the system reports it: numbers that are never an address. Internal.
#ifndef NET_DETAIL_WATCHER_HPP
#define NET_DETAIL_WATCHER_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include <net/detail/os.hpp>

namespace net::inline NET_ABI::detail {

struct Watcher;

/// The place of one watcher in its poller's table. It never moves, and it outlives its watcher.
struct Registration {
  Watcher* watcher = nullptr;  // null: free, or its watcher is gone
  std::uint32_t generation = 0;
  std::uint32_t next = 0;   // while it is free: the next free one
  std::uint32_t place = 0;  // the poller's own note
  std::uint32_t number = 0;

  std::uint64_t token() const noexcept { return std::uint64_t{generation} << 32 | number; }
};

/// A descriptor that a loop watches. It is part of its owner, so there is no map to look things up in. It may be
/// dropped, or die, at any moment: whatever the system still reports of it is recognised as gone.
struct Watcher {
  void* owner = nullptr;  // for whoever waits
  Registration* registration = nullptr;
  NativeHandle fd = os::no_descriptor;
  std::uint8_t wanted = 0;  // readable | writable; 0 is silence
  std::uint8_t known = 0;   // what the system was last told

  Watcher() noexcept = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() {
    if (registration) registration->watcher = nullptr;
  }
};

/// The watchers of one poller. The system is given a token, a number and its generation, and a token that was given up
/// finds nobody: neither later in the round in which it was given up, nor when its number is in use again.
class Registrations {
 public:
  Registrations() noexcept = default;
  Registrations(const Registrations&) = delete;
  Registrations& operator=(const Registrations&) = delete;
  ~Registrations() {
    for (std::uint32_t number = 0; number < used_; ++number) {
      if (Watcher* const watcher = at(number).watcher) watcher->registration = nullptr;
    }
    for (std::uint32_t page = 0; page < pages_in_use_; ++page) delete[] pages_[page];
    delete[] pages_;
  }

  /// Gives the watcher a place; null if there is no memory for it.
  Registration* add(Watcher& watcher) noexcept {
    Registration* const place = free_ != none ? take_free() : new_place();
    if (!place) return nullptr;
    place->watcher = &watcher;
    watcher.registration = place;
    return place;
  }

  void remove(Registration& place) noexcept {
    if (place.watcher) place.watcher->registration = nullptr;
    place.watcher = nullptr;
    // a number whose generations are used up is never given again
    if (++place.generation == 0) return;
    place.next = given_up_;
    given_up_ = place.number;
  }

  /// The watcher that a token means; null if it is gone.
  [[gnu::always_inline]] Watcher* find(std::uint64_t token) const noexcept {
    const Registration& place = at(static_cast<std::uint32_t>(token));
    return place.generation == token >> 32 ? place.watcher : nullptr;
  }

  /// Whether the token was given up since the present round began.
  bool given_up_now(std::uint64_t token) const noexcept {
    for (std::uint32_t number = given_up_; number != none; number = at(number).next) {
      if (number == static_cast<std::uint32_t>(token)) return true;
    }
    return false;
  }
  /// From here on the numbers of those that were given up are used again.
  void begin_round() noexcept {
    while (given_up_ != none) {
      Registration& place = at(given_up_);
      given_up_ = place.next;
      place.next = free_;
      free_ = place.number;
    }
  }

  template <class Each>
  void each(Each&& visit) {
    for (std::uint32_t number = 0; number < used_; ++number) {
      if (at(number).watcher) visit(at(number));
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  static constexpr std::uint32_t bits = 7, page_size = 1u << bits;

  Registration& at(std::uint32_t number) const noexcept { return pages_[number >> bits][number & (page_size - 1)]; }

  Registration* take_free() noexcept {
    Registration& place = at(free_);
    free_ = place.next;
    return &place;
  }

  [[gnu::noinline]] Registration* new_place() noexcept {
    if (used_ == pages_in_use_ * page_size && !add_page()) return nullptr;
    Registration& place = at(used_);
    place.number = used_++;
    return &place;
  }

  bool add_page() noexcept {
    if (pages_in_use_ == page_capacity_) {
      const std::uint32_t larger = page_capacity_ ? page_capacity_ * 2 : 8;
      auto** const pages = new (std::nothrow) Registration*[larger];
      if (!pages) return false;
      for (std::uint32_t i = 0; i < pages_in_use_; ++i) pages[i] = pages_[i];
      delete[] pages_;
      pages_ = pages;
      page_capacity_ = larger;
    }
    auto* const page = new (std::nothrow) Registration[page_size];
    if (page) pages_[pages_in_use_++] = page;
    return page != nullptr;
  }

  Registration** pages_ = nullptr;
  std::uint32_t pages_in_use_ = 0, page_capacity_ = 0;
  std::uint32_t used_ = 0;  // places that were ever given
  std::uint32_t free_ = none;
  std::uint32_t given_up_ = none;
};

}  // namespace net::inline NET_ABI::detail

#endif
