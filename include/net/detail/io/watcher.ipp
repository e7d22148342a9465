// The bodies of watcher.hpp. Internal.
#ifndef NET_DETAIL_IO_WATCHER_IPP
#define NET_DETAIL_IO_WATCHER_IPP

#include <net/detail/io/watcher.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API Registrations::~Registrations() {
  each([](Registration& place) { place.watcher->registration = nullptr; });
  while (pages_ != &first_) {
    Page* const page = pages_;
    pages_ = page->next;
    delete page;
  }
}

NET_API bool Registrations::add(Watcher& watcher) noexcept {
  if (!free_ && !add_page()) return false;
  Registration* const place = free_;
  free_ = place->next;
  place->watcher = &watcher;
  watcher.registration = place;
  return true;
}

NET_API bool Registrations::have(NativeHandle fd) noexcept {
  bool found = false;
  each([&](const Registration& place) { found |= place.watcher->fd == fd; });
  return found;
}

NET_API void Registrations::remove(Registration& place, bool confirmed) noexcept {
  place.watcher->registration = nullptr;
  place.watcher = nullptr;
  if (!confirmed) return;
  place.next = given_up_;
  given_up_ = &place;
}

NET_API void Registrations::begin_round() noexcept {
  while (given_up_) {
    Registration* const place = given_up_;
    given_up_ = place->next;
    place->next = free_;
    free_ = place;
  }
}

NET_API void Registrations::use(Page& page) noexcept {
  page.next = pages_;
  pages_ = &page;
  for (Registration& place : page.places) {
    place.next = free_;
    free_ = &place;
  }
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
