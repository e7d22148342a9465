// Steps of a socket that come later, and what is put right when a listener throws. Internal.
#ifndef NET_DETAIL_STREAM_STEPS_HPP
#define NET_DETAIL_STREAM_STEPS_HPP

#include <cstdint>
#include <type_traits>
#include <utility>

#include <net/detail/base/on_throw.hpp>
#include <net/detail/loop/owing.hpp>
#include <net/detail/stream/state.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

template <auto Member, class What>
struct SocketTickWith {
  static constexpr bool moves_as_bytes = is_plain_bytes<What>;
  Owing<SocketState> self;
  What what;
  std::uint64_t generation;
  void operator()() {
    or_give_up(*self, [this] {
      if (self->generation == generation) ((*self).*Member)(what);
    });
  }
};

template <class F>
void SocketState::tick_call(F&& call) {
  if (loop) loop->ticks().push(Tick{Owing<SocketState>(*this), std::forward<F>(call)});
}
template <class F>
void SocketState::tick_callback(F&& call) {
  if (loop) loop->ticks().push(Tick{Ref<SocketState>(this), std::forward<F>(call)});
}
template <auto Member, class What>
void SocketState::tick_with(const What& what) {
  if (loop) loop->ticks().push(SocketTickWith<Member, What>{Owing<SocketState>(*this), what, generation});
}

/// Whether the socket is still at the connection at which this was made.
struct SameConnection {
  const SocketState& self;
  const std::uint64_t generation;
  explicit SameConnection(const SocketState& socket) noexcept : self(socket), generation(socket.generation) {}
  explicit operator bool() const noexcept { return self.generation == generation; }
};

/// What is to be done if user code throws on the way; `passed` says that it did not.
struct OnThrow {
  SocketState& self;
  void (*undo)(SocketState&);
  SameConnection same{self};
  bool passed = false;
  OnThrow(SocketState& socket, void (*then)(SocketState&)) : self(socket), undo(then) {}
  OnThrow(const OnThrow&) = delete;
  OnThrow& operator=(const OnThrow&) = delete;
  ~OnThrow();
};

/// The same, with a value as it is at that time.
template <class What>
struct OnThrowWith {
  SocketState& self;
  const What& what;
  void (*undo)(SocketState&, const What&);
  SameConnection same{self};
  bool passed = false;
  OnThrowWith(SocketState& socket, const What& with, void (*then)(SocketState&, const What&))
      : self(socket), what(with), undo(then) {}
  OnThrowWith(const OnThrowWith&) = delete;
  OnThrowWith& operator=(const OnThrowWith&) = delete;
  ~OnThrowWith() {
    if (!passed && self.loop && same) undo_or_give_up(self, [this] { undo(self, what); });
  }
};
template <class What>
OnThrowWith(SocketState&, const What&, void (*)(SocketState&, const What&)) -> OnThrowWith<What>;

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/stream/steps.ipp>

#endif
