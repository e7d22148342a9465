// The listeners of one object, in order, in one block of memory. Internal.
#ifndef NET_DETAIL_EVENTS_LISTENERS_HPP
#define NET_DETAIL_EVENTS_LISTENERS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include <net/detail/base/abi.hpp>

namespace net::inline NET_ABI::detail {

/// One listener; its callable follows it in memory.
struct ListenerRecord {
  enum : std::uint8_t { once = 1, fired = 2, removed = 4, own = 8 };
  bool is(unsigned mark) const noexcept { return (marks & mark) != 0; }
  void mark(unsigned more) noexcept { marks = static_cast<std::uint8_t>(marks | more); }

  struct Operations {
    void (*call)(ListenerRecord&, void* emitter, void* const* args);
    void (*destroy)(ListenerRecord&) noexcept;
  };

  const Operations* operations;
  ListenerRecord* next;
  std::uint64_t id;    // they only grow, so they say which of two records is younger
  std::uint32_t gone;  // once removed: emissions nested deeper than this do not see it
  std::uint16_t size;
  std::uint8_t event;
  std::uint8_t marks;  // once, fired, removed, own
};

/// Listeners may add, remove and clear listeners while they run, themselves too, and may throw: an
/// emission calls those that were there when it began (S1.4), and what was removed is destroyed when
/// the outermost emission has returned. The library's own records (`own`) refer to what may be gone when they are
/// removed, so they are not called from then on.
class Listeners {
 public:
  /// What fits into the bits of `present_`, and into a record's size.
  static constexpr unsigned max_events = 31;
  static constexpr std::size_t max_bytes = 65536;

  Listeners() noexcept = default;
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;
  ~Listeners() {
    while (first_) clear();  // what dies may leave something new behind
    while (blocks_) {
      Block* const block = blocks_;
      blocks_ = block->next;
      ::operator delete(block);
    }
  }

  bool has(unsigned event) const noexcept { return (present_ >> event & 1u) != 0; }

  std::size_t count(unsigned event) const noexcept;

  /// Adds a record of type R, which is a ListenerRecord with a callable made from `callable`; returns its id.
  template <class R, class F>
  std::uint64_t add(unsigned event, unsigned marks, bool front, const ListenerRecord::Operations& operations,
                    F&& callable) {
    static_assert(alignof(R) <= unit && rounded(sizeof(R)) / unit <= 0xffff,
                  "a callable that is aligned more strictly, or larger, is held by pointer");
    Room room(*this, sizeof(R));
    ListenerRecord* const record = ::new (room.place) R(static_cast<F&&>(callable));
    record->operations = &operations;
    record->event = static_cast<std::uint8_t>(event);
    record->marks = static_cast<std::uint8_t>(marks);
    return room.filled_with(record, front);
  }

  /// The event of the listener that was removed, or -1 if there is none of that id.
  int remove(std::uint64_t id) noexcept;

  /// Removes the library's own records of these ids, from the first to the last; returns a bit for each of their
  /// events.
  std::uint32_t remove_own(std::uint64_t first, std::uint64_t last) noexcept;

  void remove_all(unsigned event) noexcept;

  void clear() noexcept {
    for (ListenerRecord* r = first_; r; r = r->next) mark_removed(*r);
    present_ &= unsettled;
    if (depth_ == 0) settle();
  }

  /// Where the handle stands that listeners are given a reference to, and what it is a handle of; null: none stands
  /// there.
  void* place_of_handle() noexcept { return handle_; }
  void* lent_handle() const noexcept {
    void* of;
    std::memcpy(&of, handle_, sizeof of);
    return of;
  }

  /// Calls `invoke(record)` for each listener of the event; returns whether there was any. One that is called once
  /// is removed before, and `used()` says so.
  template <class Invoke, class Used>
  NET_GNU(always_inline) bool each(unsigned event, Invoke&& invoke, Used&& used) {
    if (!has(event)) return false;
    const std::uint64_t newest = last_id_;
    const Emission emission(*this);
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->event != event || r->id > newest) continue;  // one added since it began is not there yet
      if (r->is(ListenerRecord::once | ListenerRecord::removed)) [[unlikely]] {
        const Turn turn = turn_of(*r);
        if (turn == Turn::none) continue;
        if (turn == Turn::last) used();
      }
      invoke(*r);
    }
    return true;
  }

  /// The same of those that the library has added.
  template <class Invoke>
  void each_own(unsigned event, Invoke&& invoke) {
    if (!has(event)) return;
    const std::uint64_t newest = last_id_;
    const Emission emission(*this);
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->event == event && r->id <= newest && r->is(ListenerRecord::own) && !r->is(ListenerRecord::removed))
        invoke(*r);
    }
  }

 private:
  static constexpr std::size_t unit = 8;  // of records: no pointer and no number needs more
  static constexpr std::size_t first_block = 120;
  static constexpr std::size_t largest_block = std::size_t{1} << 20;
  static constexpr std::uint32_t unsettled = 1u << max_events;

  struct Block {
    Block* next;
    ListenerRecord* spare;  // records given back, of any size; the first block's list is the one used
    std::uint32_t used, size;
  };

  /// Room for a record, which a copy that throws gives back.
  struct Room {
    Listeners& in;
    void* place;
    std::size_t size;
    Room(Listeners& listeners, std::size_t bytes) : in(listeners), place(in.allocate(bytes)), size(bytes) {}
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room() {
      if (place) in.recycle(place, size);
    }
    std::uint64_t filled_with(ListenerRecord* record, bool front) noexcept {
      place = nullptr;
      record->id = ++in.last_id_;
      record->gone = 0;
      record->size = static_cast<std::uint16_t>(rounded(size) / unit);
      in.link(record, front);
      in.present_ |= 1u << record->event;
      return record->id;
    }
  };

  struct Emission {
    Listeners& in;
    explicit Emission(Listeners& listeners) noexcept : in(listeners) { ++in.depth_; }
    Emission(const Emission&) = delete;
    Emission& operator=(const Emission&) = delete;
    NET_GNU(always_inline) ~Emission() {
      --in.depth_;
      if (in.present_ & unsettled) [[unlikely]]
        in.settle();
    }
  };

  enum class Turn : std::uint8_t { none, call, last };

  static constexpr std::size_t rounded(std::size_t size) noexcept { return (size + unit - 1) / unit * unit; }

  void mark_removed(ListenerRecord& r) noexcept;

  void retire(ListenerRecord& r) noexcept;

  /// What an emission does with a record that is called once, or was removed.
  Turn turn_of(ListenerRecord& r) noexcept;

  /// Brings the marks back to what emissions of the present depth may see; frees what nobody sees any more. Destroying
  /// may run any code of the user's captures, emissions too, so the dead are out of the list by then.
  void settle() noexcept;

  void destroy(ListenerRecord& r) noexcept {
    const std::size_t size = r.size * unit;
    r.operations->destroy(r);
    recycle(&r, size);
  }

  void link(ListenerRecord* record, bool front) noexcept;

  void* allocate(std::size_t size);

  void recycle(void* place, std::size_t size) noexcept;

  ListenerRecord* first_ = nullptr;
  ListenerRecord* last_ = nullptr;
  Block* blocks_ = nullptr;
  std::uint64_t last_id_ = 0;
  std::uint32_t present_ = 0;  // a bit for each event that has listeners, and one for removed records that are left
  std::uint32_t depth_ = 0;    // emissions on the stack, which is full long before this is
  alignas(void*) std::byte handle_[sizeof(void*)]{};
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/events/listeners.ipp>

#endif
