// The bodies of pipe_link.hpp. Internal.
#ifndef NET_DETAIL_STREAM_PIPE_LINK_IPP
#define NET_DETAIL_STREAM_PIPE_LINK_IPP

#include <net/detail/stream/pipe_link.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API constexpr Pipes::Operations Pipes::table{[](Pipes& self) noexcept { self.clear(); },
                                                 [](Pipes& self) noexcept { self.source_closed(); }};

NET_API bool Pipes::await_drain() const noexcept {
  for (const auto& link : list_) {
    if (link->awaits_drain) return true;
  }
  return false;
}

NET_API bool Pipes::will_drain() const noexcept {
  for (const auto& link : list_) {
    if (link->awaits_drain && !link->operations->gone(*link)) return true;
  }
  return false;
}

NET_API void Pipes::wait_for(PipeLink& full) noexcept {
  if (list_.size() == 1) {
    several_ = false;
    list_[0]->awaits_drain = false;
  }
  full.awaits_drain = true;
}

NET_API void Pipes::source_closed() noexcept {
  while (const Ref<PipeLink> link = take([](PipeLink& each) { return !each.operations->to_close(each); })) {
    link->off = true;
    link->operations->take_off(*link);
  }
}

NET_API void Pipes::add(Ref<PipeLink> link) {
  list_.push(std::move(link));
  if (list_.size() == 2) several_ = true;
}

NET_API void Pipes::clear() noexcept {
  const Vec<Ref<PipeLink>> gone = take_all();
  for (const auto& link : gone) link->off = true;
  for (const auto& link : gone) link->operations->take_off(*link);
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
