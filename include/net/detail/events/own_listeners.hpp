// The library's own listeners, which end with their owner. Internal.
#ifndef NET_DETAIL_EVENTS_OWN_LISTENERS_HPP
#define NET_DETAIL_EVENTS_OWN_LISTENERS_HPP

#include <cstdint>
#include <utility>

#include <net/detail/base/exchange.hpp>
#include <net/detail/events/event.hpp>

namespace net::inline NET_ABI::detail {

/// The library's own way to an emitter.
struct ListenerUse {
  template <fixed_string Name, class Self, class F>
  static std::uint64_t add(const Emitter<Self>& emitter, F&& listener) {
    return emitter.template add<Name>(static_cast<F&&>(listener), ListenerRecord::own, false);
  }
  template <class Self>
  static void remove(const Emitter<Self>& emitter, std::uint64_t first, std::uint64_t last) noexcept {
    auto& state = Access::state(static_cast<const Self&>(emitter));
    const std::uint32_t events = state.listeners.remove_own(first, last);
    for (unsigned event = 0; events >> event != 0; ++event) {
      if (events >> event & 1u) state.listener_removed(event);
    }
  }
  /// What all handles of the same emitter share.
  template <class Self>
  static const Listeners* of(const Emitter<Self>& emitter) noexcept {
    return &Access::state(static_cast<const Self&>(emitter)).listeners;
  }
};

/// The library's own listeners of one owner on one emitter. When they are off, or their owner is gone, they are never
/// called any more, not even by an emission that is under way (S1.4): so they may refer to the owner. Added one
/// after the other, with nothing of the user's in between, so that the first and the last say which they are.
template <class Emitting>
class OwnListeners {
 public:
  explicit OwnListeners(const Emitting& emitter) : emitter_(emitter) {}
  OwnListeners(const OwnListeners&) = delete;
  OwnListeners(OwnListeners&& other) : emitter_(other.emitter_) {}  // handed on, before it listens
  OwnListeners& operator=(const OwnListeners&) = delete;
  ~OwnListeners() { off(); }

  template <fixed_string Name, class F>
  void on(F&& listener) {
    last_ = ListenerUse::add<Name>(emitter_, static_cast<F&&>(listener));
    if (first_ == 0) first_ = last_;
  }
  NET_GNU(always_inline) void off() noexcept {
    if (first_ != 0) ListenerUse::remove(emitter_, detail::exchange(first_, 0), last_);
  }
  const Emitting& emitter() const noexcept { return emitter_; }

 private:
  Emitting emitter_;
  std::uint64_t first_ = 0;  // 0: none
  std::uint64_t last_ = 0;
};

}  // namespace net::inline NET_ABI::detail

#endif
