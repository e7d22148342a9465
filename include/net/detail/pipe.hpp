// source.pipe(destination): bytes from one to the other, never faster than the slower of them. Internal.
#ifndef NET_DETAIL_PIPE_HPP
#define NET_DETAIL_PIPE_HPP

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <net/chunk.hpp>
#include <net/detail/function.hpp>
#include <net/detail/ref.hpp>
#include <net/emitter.hpp>
#include <net/error.hpp>
#include <net/options.hpp>

namespace net::inline NET_ABI::detail {

/// One destination of a source, seen from the source.
struct PipeLink {
  std::size_t owners = 0;
  const void* destination = nullptr;  // which object it is
  bool awaits_drain = false;
  bool off = false;
  Function<void()> take_off;  // the listeners on both sides
  Function<void()> tell_unpipe;

  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) delete this;
  }
};

using Pipes = std::vector<Ref<PipeLink>>;

/// Whether any destination still has to drain before the source may flow.
inline bool awaits_drain(const Pipes& pipes) noexcept {
  for (const auto& link : pipes) {
    if (link->awaits_drain) return true;
  }
  return false;
}

/// Takes one link, or all of them, off a source (S24.9); the source pauses when that was the last.
template <class Source>
void unpipe(const Source& source, const void* destination, PipeLink* only = nullptr) {
  Pipes& pipes = source.pipes();
  Pipes removed;
  for (std::size_t i = 0; i < pipes.size();) {
    const bool this_one = only ? pipes[i].get() == only : !destination || pipes[i]->destination == destination;
    if (!this_one) {
      ++i;
      continue;
    }
    removed.push_back(pipes[i]);
    pipes.erase(pipes.begin() + static_cast<std::ptrdiff_t>(i));
    if (only || destination) break;  // the same pair piped twice is unpiped twice
  }
  if (removed.empty()) return;
  if (pipes.empty()) source.pause();
  for (const auto& link : removed) {
    link->off = true;
    const auto take_off = std::move(link->take_off);
    const auto tell = std::move(link->tell_unpipe);
    if (take_off) take_off();
    if (tell) tell();
    // nobody else would let a source go on that waited for this one
    const bool waited = std::exchange(link->awaits_drain, false);
    if (waited && !awaits_drain(pipes) && source.template listenerCount<"data">() > 0) source.resume();
  }
}

/// Joins them. `tell_pipe` and `tell_unpipe` fire the destination's events, if it has them.
template <class Source, class Destination, class TellPipe, class TellUnpipe>
void start_pipe(const Source& source, const Destination& destination, const void* identity, PipeOptions options,
                TellPipe&& tell_pipe, TellUnpipe&& tell_unpipe) {
  const Ref<PipeLink> link(new PipeLink);
  link->destination = identity;
  link->tell_unpipe = std::forward<TellUnpipe>(tell_unpipe);
  source.pipes().push_back(link);

  const auto stop = [source, link] { unpipe(source, nullptr, link.get()); };
  const auto hold_back = [source, link] {
    link->awaits_drain = true;
    source.pause();
  };
  const auto ended = [destination, stop, options] {
    if (options.end) {
      destination.end();
    } else {
      stop();
    }
  };
  Listener on_end;
  if (source.readableEnded()) {
    source.state().loop->next_tick(ended);
  } else {
    on_end = source.template addListener<"end">(ended);
  }
  const Listener on_data = source.template addListener<"data">([destination, link, hold_back](Chunk chunk) {
    if (!link->off && !destination.write(chunk) && !link->off) hold_back();
  });
  const Listener on_drain = destination.template addListener<"drain">([source, link] {
    if (!std::exchange(link->awaits_drain, false)) return;
    if (!awaits_drain(source.pipes())) source.resume();
  });
  const Listener on_finish = destination.template addListener<"finish">(stop);
  const Listener on_close = destination.template addListener<"close">([stop](bool) { stop(); });
  // its own listener does not count: an error that nobody else hears leaves run() (S24.8)
  const Listener on_error = destination.template addListener<"error">(
      [destination, stop](const Error& error) {
        stop();
        if (destination.template listenerCount<"error">() == 0) raise(error);
      },
      true);
  link->take_off = [source, destination, on_end, on_data, on_drain, on_finish, on_close, on_error] {
    source.off(on_data);
    source.off(on_end);
    destination.off(on_drain);
    destination.off(on_finish);
    destination.off(on_close);
    destination.off(on_error);
  };
  tell_pipe();
  if (link->off) return;
  if (destination.writableNeedDrain()) {
    hold_back();
  } else if (source.readableFlowing() != std::optional<bool>(true)) {
    source.resume();
  }
}

}  // namespace net::inline NET_ABI::detail

#endif
