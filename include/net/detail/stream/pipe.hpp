// source.pipe(destination): bytes from one to the other, never faster than the slower of them. Internal.
#ifndef NET_DETAIL_STREAM_PIPE_HPP
#define NET_DETAIL_STREAM_PIPE_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include <net/chunk.hpp>
#include <net/detail/base/exchange.hpp>
#include <net/detail/base/on_throw.hpp>
#include <net/detail/base/ref.hpp>
#include <net/detail/base/vec.hpp>
#include <net/detail/stream/pipe_link.hpp>
#include <net/emitter.hpp>
#include <net/error.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail {

/// Whether two handles are the same destination: if they are equal, where they can be compared; otherwise, for an
/// Emitter, if they have the same listeners; otherwise if they hold the same bytes.
template <class Destination>
bool same_destination(const Destination& a, const Destination& b) noexcept {
  if constexpr (requires {
                  { a == b } -> std::convertible_to<bool>;
                }) {
    return a == b;
  } else if constexpr (requires { ListenerUse::of(a); }) {
    return ListenerUse::of(a) == ListenerUse::of(b);
  } else {
    return std::memcmp(static_cast<const void*>(&a), static_cast<const void*>(&b), sizeof a) == 0;
  }
}

/// Whether a destination was destroyed, as far as its type tells.
template <class Destination>
bool is_destroyed([[maybe_unused]] const Destination& to) noexcept {
  if constexpr (requires {
                  { to.destroyed() } -> std::convertible_to<bool>;
                }) {
    return static_cast<bool>(to.destroyed());
  } else {
    return false;
  }
}

/// What is emitted to a destination that is no socket: nothing.
struct EmitsNothing {
  template <class To, class From>
  static void piped(const To&, const From&) noexcept {}
  template <class To, class From>
  static void unpiped(const To&, const From&) noexcept {}
  template <class To>
  static bool to_close(const To&) noexcept {
    return false;
  }
  template <class To>
  static bool to_drain(const To& to) noexcept {
    return !is_destroyed(to);
  }
  template <class To>
  static constexpr bool given_away(const To&) noexcept {
    return false;
  }
};

template <class Source>
void finish_unpipe(const Source& source, const Ref<PipeLink>* links, std::size_t count);

/// A destination with its type. `Emits` emits its events.
template <class Source, class Destination, class Emits>
struct PipeTo : PipeLink {
  using State = std::remove_reference_t<decltype(Access::state(std::declval<const Source&>()))>;
  using Link = Ref<PipeTo>;
  template <fixed_string Name>
  using Token = decltype(std::declval<Destination&>().template addListener<Name>(PipeListener{}));
  static const Operations table;

  explicit PipeTo(State& from) noexcept : PipeLink(table), source(&from) {}

  /// The handle of a destination that is its own source; any other link holds its destination.
  static const Destination* itself(const Source& source) noexcept {
    if constexpr (std::is_same_v<Source, Destination>) {
      return &source;
    } else {
      return nullptr;
    }
  }
  /// As long as it is not off.
  Source from() const { return Access::make<Source>(source); }
  Destination to() const { return destination ? *destination : Destination(*itself(from())); }

  void stop() {
    const Source held = from();
    const Ref<PipeLink> link =
        Access::state(held).ensure_pipes().take([this](PipeLink& each) { return &each == this; });
    if (link) finish_unpipe(held, &link, 1);
  }
  void ended() {
    source->listeners.remove(detail::exchange(on_end, 0));
    if (ends) {
      Destination ending = to();
      const auto end = [&] { return ending.end(); };
      call_back(end);
    } else {
      stop();
    }
  }
  void hear_drain(Destination& full) {
    if (on_drain) return;
    on_drain = full.template addListener<"drain">([link = Link(this)](const auto&...) { link->drained(); });
    hears_drain = true;
  }
  void pause_source(const Source& held, Destination& full) {
    hear_drain(full);
    Access::state(held).ensure_pipes().wait_for(*this);
    held.pause();
  }
  /// A destination that was released, or went to another process, takes nothing any more: it is unpiped, and the piece
  /// stays, if nobody else has had it.
  bool given_away(const Source& held, const Destination& to, Chunk chunk) {
    if (off || !Emits::given_away(to)) return false;
    stop();
    if constexpr (requires { held.unshift(chunk); }) {
      if (held.template listenerCount<"data">() == 0) held.unshift(chunk);
    }
    return true;
  }
  /// The source goes on, as in Node: whoever filled the destination, and whoever paused the source meanwhile.
  void drained() {
    if (off) return;
    awaits_drain = false;
    const Source held = from();
    if (!Access::state(held).ensure_pipes().await_drain() && source->data_listening) held.resume();
  }
  void failed(const Error& error) {
    if (off) return;
    Destination failing = to();
    stop();
    // its own listener does not count: an error that nobody else hears leaves run() (S24.8)
    if (failing.template listenerCount<"error">() == 0) throw_error(error);
  }

  void take_off() noexcept {
    source->listeners.remove(on_data);
    source->data_listener_removed();
    source->listeners.remove(on_end);
    take_off(on_drain);
    take_off(on_finish);
    take_off(on_close);
    take_off(on_error);
  }
  template <class One>
  void take_off(std::optional<One>& token) noexcept {
    if (!token) return;
    if constexpr (std::is_same_v<Source, Destination>) {
      // by its state: the source may be going, and then there is no handle of it any more
      if (!destination) source->listeners.remove(token->id());
    }
    if (destination) destination->off(*token);
    token.reset();
  }

  State* source;
  std::optional<Destination> destination;  // none: it is the source itself, which would own itself
  bool ends = true;
  std::uint64_t on_data = 0, on_end = 0;
  std::optional<Token<"drain">> on_drain;
  std::optional<Token<"finish">> on_finish;
  std::optional<Token<"close">> on_close;
  std::optional<Token<"error">> on_error;
};

template <class Source, class Destination, class Emits>
inline constexpr PipeLink::Operations PipeTo<Source, Destination, Emits>::table{
    [](PipeLink& link) noexcept { static_cast<PipeTo&>(link).take_off(); },
    [](PipeLink& link, const void* from) {
      const std::optional<Destination>& to = static_cast<PipeTo&>(link).destination;
      const Source& sender = *static_cast<const Source*>(from);
      Emits::unpiped(to ? *to : *itself(sender), sender);
    },
    [](const PipeLink& link) noexcept {
      const std::optional<Destination>& to = static_cast<const PipeTo&>(link).destination;
      return to && Emits::to_close(*to);
    },
    [](const PipeLink& link, const void* from) noexcept {
      const std::optional<Destination>& to = static_cast<const PipeTo&>(link).destination;
      return Emits::to_drain(to ? *to : *itself(*static_cast<const Source*>(from)));
    },
    [](const PipeLink& link) noexcept {
      const std::optional<Destination>& to = static_cast<const PipeTo&>(link).destination;
      return to && is_destroyed(*to);
    },
    [](PipeLink& link) noexcept { delete static_cast<PipeTo*>(&link); }};

/// Emits for links that are in the list no more (S24.9); the source pauses when they were the last.
template <class Source>
void finish_unpipe(const Source& source, const Ref<PipeLink>* links, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) links[i]->off = true;
  for (std::size_t i = 0; i < count; ++i) links[i]->operations->take_off(*links[i]);
  if (Access::state(source).ensure_pipes().empty()) source.pause();
  // When 'unpipe' was emitted: nobody else would let a source go on that waited for this destination. As in Node, one
  // that will not drain any more does not let it, unless the source has other destinations and something for them.
  struct GoOn {
    const Source& source;
    PipeLink& link;
    bool emitted = false;
    void now() {
      emitted = true;
      const Pipes& pipes = Access::state(source).ensure_pipes();
      const bool waited = detail::exchange(link.awaits_drain, false);
      const bool goes_on =
          (link.hears_drain && (waited || pipes.counts_drains()) && link.operations->to_drain(link, &source)) ||
          (waited && !pipes.empty() && !source.readableEnded());
      if (goes_on && !pipes.await_drain() && Access::state(source).data_listening) source.resume();
    }
    ~GoOn() {
      if (!emitted) undo_or_give_up(Access::state(source), [this] { now(); });
    }
  };
  for (std::size_t i = 0; i < count; ++i) {
    GoOn go_on{source, *links[i]};
    links[i]->operations->emit_unpipe(*links[i], &source);
    go_on.now();
  }
}

template <class Source>
void unpipe_all(const Source& source) {
  const Vec<Ref<PipeLink>> links = Access::state(source).ensure_pipes().take_all();
  if (!links.empty()) finish_unpipe(source, links.begin(), links.size());
}

/// The same pair piped twice is unpiped twice (S24.10).
template <class Emits, class Source, class Destination>
void unpipe_from(const Source& source, const Destination& destination) {
  using To = PipeTo<Source, Destination, Emits>;
  const Ref<PipeLink> link = Access::state(source).ensure_pipes().take([&](PipeLink& each) {
    if (each.operations != &To::table) return false;
    const auto& other = static_cast<To&>(each).destination;
    return same_destination(destination, other ? *other : *To::itself(source));
  });
  if (link) finish_unpipe(source, &link, 1);
}

/// What the source emits. The 'data' listener is called as the user's are: a destination that is unpiped while 'data'
/// is being emitted still gets that piece (S24.13). So the listener has the destination for itself, and does not hold
/// the source back any more.
template <class To, class Source, class Destination>
void hear_source(const Ref<To>& link, const Source& source, Destination& destination) {
  if (!source.readableEnded()) {
    link->on_end = source
                       .template addListener<"end">([link] {
                         if (!link->off) link->ended();
                       })
                       .id();
  } else {
    Access::state(source).tick_call([link](auto&) {
      if (!link->off) link->ended();
    });
  }
  if (!link->destination) {
    if constexpr (std::is_same_v<Source, Destination>) {
      link->on_data = source
                          .template addListener<"data">([link](Source& self, Chunk chunk) {
                            link->awaits_drain = false;
                            if (!self.write(chunk) && !link->off) link->pause_source(self, self);
                          })
                          .id();
    }
  } else {
    link->on_data = source
                        .template addListener<"data">([link, destination](const Source& self, Chunk chunk) mutable {
                          link->awaits_drain = false;
                          if (link->given_away(self, destination, chunk)) return;
                          if (!destination.write(chunk) && !link->off) link->pause_source(self, destination);
                        })
                        .id();
  }
}

/// What the destination emits.
template <class To, class Destination>
void hear_destination(const Ref<To>& link, Destination& destination) {
  const auto stop = [link](const auto&...) {
    if (!link->off) link->stop();
  };
  link->on_finish.emplace(destination.template addListener<"finish">(stop));
  link->on_close.emplace(destination.template addListener<"close">(stop));
  const auto fail = [link](const Error& error) { link->failed(error); };
  if constexpr (requires { destination.template addListener<"error">(fail, true); }) {
    link->on_error.emplace(destination.template addListener<"error">(fail, true));
  } else {
    link->on_error.emplace(destination.template addListener<"error">(fail));
  }
}

/// Joins them.
template <class Emits, class Source, class Destination>
void start_pipe(const Source& source, Destination& destination, PipeOptions options) {
  using To = PipeTo<Source, Destination, Emits>;
  const Ref<To> link(new To(Access::state(source)));
  bool to_itself = false;
  if constexpr (std::is_same_v<Source, Destination>) to_itself = source == destination;
  if (!to_itself) link->destination.emplace(destination);
  link->ends = options.end;
  Access::state(source).ensure_pipes().add(Ref<PipeLink>(link.get()));
  CallOnThrow undo([&] {
    link->off = true;
    (void)Access::state(source).ensure_pipes().take([&](PipeLink& each) { return &each == link.get(); });
    link->take_off();
  });
  hear_source(link, source, destination);
  hear_destination(link, destination);
  // from here on nothing needs memory but the listeners of 'pipe', and nothing is taken back (S32.5)
  if (destination.writableNeedDrain()) link->hear_drain(destination);
  if (auto* const loop = Access::state(source).loop) loop->ticks().reserve(2);
  undo.passed = true;
  Emits::piped(destination, source);
  // a listener of 'pipe' that took it off does not keep the source from flowing, as in Node
  if (link->off && source.destroyed()) return;
  if (destination.writableNeedDrain()) {
    if (!link->off) link->pause_source(source, destination);
  } else if (source.readableFlowing() != std::optional<bool>(true)) {
    source.resume();
  }
}

}  // namespace net::inline NET_ABI::detail

#endif
