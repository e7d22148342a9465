// The listeners of one object, in order, in one block of memory. Internal.
#ifndef NET_DETAIL_LISTENERS_HPP
#define NET_DETAIL_LISTENERS_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include <net/detail/abi.hpp>

namespace net::inline NET_ABI::detail {

/// One listener; its callable follows it in memory.
struct ListenerRecord {
  enum : std::uint8_t { once = 1, fired = 2, removed = 4 };
  bool is(unsigned mark) const noexcept { return (marks & mark) != 0; }
  void mark(unsigned more) noexcept { marks = static_cast<std::uint8_t>(marks | more); }

  struct Operations {
    void (*call)(ListenerRecord&, void* emitter, void* const* args);
    void (*destroy)(ListenerRecord&) noexcept;
  };

  const Operations* operations;
  ListenerRecord* next;
  std::uint32_t id;
  std::uint16_t size;
  std::uint8_t event;
  std::uint8_t marks;  // once, fired, removed
  std::uint8_t added;  // emissions nested deeper than this see it
  std::uint8_t gone;   // once removed: emissions nested deeper than this do not
};

/// Listeners may add, remove and clear listeners while they run, themselves too, and may throw: an
/// emission calls those that were there when it began (S1.4), and what was removed is destroyed when
/// the outermost emission has returned.
class Listeners {
 public:
  Listeners() noexcept = default;
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;
  ~Listeners() {
    clear();
    while (blocks_) ::operator delete(std::exchange(blocks_, blocks_->next));
  }

  bool has(unsigned event) const noexcept { return (present_ >> event & 1u) != 0; }

  std::size_t count(unsigned event) const noexcept {
    std::size_t found = 0;
    for (const ListenerRecord* r = first_; r; r = r->next)
      found += r->event == event && !r->is(ListenerRecord::removed);
    return found;
  }

  /// Adds a record of type R, which is a ListenerRecord with a callable made from `callable`; returns its id.
  template <class R, class F>
  std::uint32_t add(unsigned event, bool once, bool front, const ListenerRecord::Operations& operations, F&& callable) {
    static_assert(alignof(R) <= alignof(std::max_align_t),
                  "a listener with an over-aligned capture must hold it by pointer");
    void* room = allocate(sizeof(R));
    R* record;
    {
      // a copy that throws gives the room back
      struct Return {
        Listeners* to;
        void* room;
        ~Return() {
          if (to) to->recycle(room, sizeof(R));
        }
      } give_back{this, room};
      record = ::new (room) R(std::forward<F>(callable));
      give_back.to = nullptr;
    }
    record->operations = &operations;
    record->id = ++last_id_;
    record->size = static_cast<std::uint16_t>(rounded(sizeof(R)) / unit);
    record->event = static_cast<std::uint8_t>(event);
    record->marks = 0;
    if (once) record->mark(ListenerRecord::once);
    record->added = depth_;
    record->gone = 0;
    unsettled_ = unsettled_ || depth_ > 0;
    link(record, front);
    present_ |= 1u << event;
    return record->id;
  }

  /// The event of the listener that was removed, or -1 if there is none of that id.
  int remove(std::uint32_t id) noexcept {
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->id != id || r->is(ListenerRecord::removed)) continue;
      const int event = r->event;
      retire(*r);
      settle();
      return event;
    }
    return -1;
  }

  void remove_all(unsigned event) noexcept {
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->event == event && !r->is(ListenerRecord::removed)) retire(*r);
    }
    settle();
  }

  void clear() noexcept {
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (!r->is(ListenerRecord::removed)) retire(*r);
    }
    settle();
  }

  /// Calls `invoke(record)` for each listener of the event; returns whether there was any.
  template <class Invoke>
  [[gnu::always_inline]] bool each(unsigned event, Invoke&& invoke) {
    if (!has(event)) return false;
    const Emission emission(*this);
    for (ListenerRecord* r = first_; r; r = r->next) {
      if (r->event != event || depth_ <= r->added) continue;  // one added since it began is not there yet
      if (r->marks != 0) {
        if (r->is(ListenerRecord::fired) || (r->is(ListenerRecord::removed) && depth_ > r->gone)) continue;
        if (r->is(ListenerRecord::once)) {
          r->mark(ListenerRecord::fired);
          if (!r->is(ListenerRecord::removed)) retire(*r);
        }
      }
      invoke(*r);
    }
    return true;
  }

 private:
  static constexpr std::size_t unit = alignof(std::max_align_t) / 2;
  static constexpr std::size_t first_block = 120;

  struct Block {
    Block* next;
    ListenerRecord* spare;  // records given back, of any size; the first block's list is the one used
    std::uint32_t used, size;
  };

  struct Emission {
    Listeners& in;
    explicit Emission(Listeners& listeners) noexcept : in(listeners) { ++in.depth_; }
    [[gnu::always_inline]] ~Emission() {
      --in.depth_;
      if (in.unsettled_) [[unlikely]]
        in.settle();
    }
  };

  static constexpr std::size_t rounded(std::size_t size) noexcept { return (size + unit - 1) / unit * unit; }

  void retire(ListenerRecord& r) noexcept {
    r.mark(ListenerRecord::removed);
    r.gone = depth_;
    unsettled_ = true;
    update(r.event);
  }

  void update(unsigned event) noexcept {
    if (count(event) == 0) present_ &= ~(1u << event);
  }

  /// Brings the marks back to what emissions of the present depth may see; frees what nobody sees any more.
  [[gnu::noinline]] void settle() noexcept {
    if (settling_) return;
    settling_ = true;
    unsettled_ = false;
    ListenerRecord** link = &first_;
    ListenerRecord* previous = nullptr;
    bool left = false;
    while (ListenerRecord* r = *link) {
      if (r->added > depth_) r->added = depth_;
      if (r->gone > depth_) r->gone = depth_;
      if (r->is(ListenerRecord::removed) && depth_ == 0) {
        *link = r->next;
        if (last_ == r) last_ = previous;
        destroy(*r);  // may run any code of the user's captures
        continue;
      }
      left = left || r->added > 0 || r->is(ListenerRecord::removed);
      previous = r;
      link = &r->next;
    }
    unsettled_ = unsettled_ || left;
    settling_ = false;
  }

  void destroy(ListenerRecord& r) noexcept {
    const std::size_t size = r.size * unit;
    r.operations->destroy(r);
    recycle(&r, size);
  }

  void link(ListenerRecord* record, bool front) noexcept {
    if (front || !first_) {
      record->next = first_;
      first_ = record;
      if (!last_) last_ = record;
    } else {
      record->next = nullptr;
      last_->next = record;
      last_ = record;
    }
  }

  void* allocate(std::size_t size) {
    size = rounded(size);
    if (blocks_) {
      for (ListenerRecord** at = &blocks_->spare; *at; at = &(*at)->next) {
        if ((*at)->size * unit == size) return std::exchange(*at, (*at)->next);
      }
      if (blocks_->size - blocks_->used >= size) {
        void* room = reinterpret_cast<char*>(blocks_ + 1) + blocks_->used;
        blocks_->used += static_cast<std::uint32_t>(size);
        return room;
      }
    }
    std::size_t room = blocks_ ? std::size_t{blocks_->size} * 2 : first_block;
    if (room < size) room = size;
    auto* block =
        ::new (::operator new(sizeof(Block) + room)) Block{blocks_, nullptr, 0, static_cast<std::uint32_t>(room)};
    if (blocks_) block->spare = std::exchange(blocks_->spare, nullptr);
    blocks_ = block;
    block->used = static_cast<std::uint32_t>(size);
    return block + 1;
  }

  void recycle(void* room, std::size_t size) noexcept {
    auto* spare = ::new (room) ListenerRecord;
    spare->size = static_cast<std::uint16_t>(rounded(size) / unit);
    spare->next = std::exchange(blocks_->spare, spare);
  }

  ListenerRecord* first_ = nullptr;
  ListenerRecord* last_ = nullptr;
  Block* blocks_ = nullptr;
  std::uint32_t present_ = 0;  // a bit for each event that has listeners
  std::uint32_t last_id_ = 0;
  std::uint8_t depth_ = 0;  // emissions on the stack
  bool unsettled_ = false;
  bool settling_ = false;
};

}  // namespace net::inline NET_ABI::detail

#endif
