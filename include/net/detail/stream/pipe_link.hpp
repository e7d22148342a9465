// The destinations of a source: what pipe() keeps in it, whatever their types are. Internal.
#ifndef NET_DETAIL_STREAM_PIPE_LINK_HPP
#define NET_DETAIL_STREAM_PIPE_LINK_HPP

#include <concepts>
#include <cstddef>
#include <utility>

#include <net/chunk.hpp>
#include <net/detail/base/exchange.hpp>
#include <net/detail/base/ref.hpp>
#include <net/detail/base/vec.hpp>

namespace net::inline NET_ABI::detail {

/// Stands for the listeners that pipe() adds: they take whatever their event carries.
struct PipeListener {
  template <class... Args>
  void operator()(const Args&...) const {}
};

}  // namespace net::inline NET_ABI::detail

namespace net::inline NET_ABI {

/// What a socket can be piped to: a handle, whose copies are the same object, with what `Socket` has of these, of the
/// same meaning (S24.13). `off` takes what `addListener` gives, and must not throw. If `addListener` takes `true`
/// behind the listener, as in `Emitter`, that puts the one of 'error' before the others.
template <class T>
concept Writable = std::copy_constructible<T> && requires(T& to, Chunk chunk, detail::PipeListener listener) {
  { to.write(chunk) } -> std::convertible_to<bool>;
  to.end();
  to.off(to.template addListener<"drain">(listener));
  to.off(to.template addListener<"finish">(listener));
  to.off(to.template addListener<"close">(listener));
  to.off(to.template addListener<"error">(listener));
  { to.template listenerCount<"error">() } -> std::convertible_to<std::size_t>;
  { to.writableNeedDrain() } -> std::convertible_to<bool>;
};

}  // namespace net::inline NET_ABI

namespace net::inline NET_ABI::detail {

/// One destination of a source. The source's list owns it, and takes it off when the source goes; the listeners at the
/// destination own it too, and do nothing once it is off: a destination may be of a type of which the library does not
/// know when it calls whom.
struct PipeLink {
  struct Operations {
    void (*take_off)(PipeLink&) noexcept;                // the listeners on both sides
    void (*emit_unpipe)(PipeLink&, const void* source);  // 'unpipe'
    bool (*to_close)(const PipeLink&) noexcept;          // whether the destination still has to emit 'close'
    bool (*to_drain)(const PipeLink&,
                     const void* source) noexcept;  // whether it was full, or may be; asked of one that waited
    bool (*gone)(const PipeLink&) noexcept;         // the destination was destroyed, as far as its type tells
    void (*free)(PipeLink&) noexcept;
  };

  explicit PipeLink(const Operations& table) noexcept : operations(&table) {}
  void retain() noexcept { ++owners; }
  void release() noexcept {
    if (--owners == 0) operations->free(*this);
  }

  const Operations* operations;
  std::size_t owners = 0;
  bool awaits_drain = false;
  bool hears_drain = false;  // it was full before
  bool off = false;
};

/// The destinations of one source.
class Pipes {
 public:
  /// By which a socket, of which few are piped, asks them.
  struct Operations {
    void (*clear)(Pipes&) noexcept;
    void (*source_closed)(Pipes&) noexcept;
  };
  static const Operations table;
  const Operations* const operations = &table;

  Pipes() noexcept = default;
  Pipes(const Pipes&) = delete;
  Pipes& operator=(const Pipes&) = delete;
  ~Pipes() { clear(); }

  bool empty() const noexcept { return list_.empty(); }
  std::size_t size() const noexcept { return list_.size(); }
  /// Whether any destination still has to drain before the source may flow.
  bool await_drain() const noexcept;
  /// Whether one of these is still there to do so.
  bool will_drain() const noexcept;
  /// As in Node, from the second destination on those that have to drain are a set, which is there while it is empty.
  bool counts_drains() const noexcept { return several_ || await_drain(); }
  /// This one has to drain.
  void wait_for(PipeLink& full) noexcept;

  void add(Ref<PipeLink> link);
  /// The first one of which `which` says so; null if there is none.
  template <class Which>
  Ref<PipeLink> take(Which&& which) noexcept {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      if (!which(*list_[i])) continue;
      Ref<PipeLink> found = std::move(list_[i]);
      list_.erase(i, i + 1);
      return found;
    }
    return {};
  }
  Vec<Ref<PipeLink>> take_all() noexcept { return detail::exchange(list_, {}); }

  /// Takes all off without a word.
  void clear() noexcept;
  /// The source has closed, and its listeners go. As in Node, a destination that has yet to close gets 'unpipe' then.
  void source_closed() noexcept;

 private:
  Vec<Ref<PipeLink>> list_;
  bool several_ = false;
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/stream/pipe_link.ipp>

#endif
