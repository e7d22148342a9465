// What a socket still has to send, in order, each piece in memory of its own. Internal.
#ifndef NET_DETAIL_STREAM_WRITE_QUEUE_HPP
#define NET_DETAIL_STREAM_WRITE_QUEUE_HPP

#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include <net/detail/base/function.hpp>
#include <net/detail/text/endpoint.hpp>
#include <net/error.hpp>

namespace net::inline NET_ABI::detail {

using WriteCallback = Function<void(const Error&)>;

/// One write that waits: its bytes follow it in memory, or are those of a string or vector that it took over.
struct WriteNode {
  WriteNode* next = nullptr;
  const char* data = nullptr;
  std::size_t size = 0;  // bytes of the write
  std::size_t sent = 0;  // of these, taken by the kernel
  void (*destroy)(WriteNode*) noexcept = nullptr;
  WriteCallback callback;

  /// A node with a copy of the bytes, in one allocation.
  static WriteNode* copy(const char* bytes, std::size_t size);

  /// A node that takes over a string or a vector.
  template <class Owner>
  static WriteNode* keep(Owner&& owner) {
    struct Keeper : WriteNode {
      Owner kept;
      explicit Keeper(Owner&& from) : kept(std::move(from)) {}
    };
    static_assert(!std::is_reference_v<Owner>);
    auto* node = new Keeper(std::move(owner));
    node->data = reinterpret_cast<const char*>(node->kept.data());
    node->size = node->kept.size();
    node->destroy = [](WriteNode* n) noexcept { delete static_cast<Keeper*>(n); };
    return node;
  }
};

/// The bytes of a write, and how they are kept if they have to wait.
struct WriteSource {
  std::string_view bytes;
  void* owner = nullptr;  // the string or vector that holds them, if it was moved in
  WriteNode* (*keep)(void* owner) = nullptr;

  /// Keeps the bytes from `taken` on: a copy, or the owner itself.
  WriteNode* node(std::size_t taken) const;
};

/// A list of nodes, which it owns.
class WriteQueue {
 public:
  WriteQueue() noexcept = default;
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;
  ~WriteQueue() {
    while (first_) pop();
  }

  bool empty() const noexcept { return first_ == nullptr; }
  WriteNode* first() const noexcept { return first_; }

  void push(WriteNode* node) noexcept;

  /// Destroys the first node.
  void pop() noexcept;

  /// Moves all nodes behind those of `to`.
  void move_to(WriteQueue& to) noexcept;

  /// Moves the last `count` nodes behind those of `to`.
  void move_last_to(WriteQueue& to, std::size_t count) noexcept;

  /// The unsent bytes of the first nodes, as at most `max` slices; returns how many.
  std::size_t slices(IoSlice* slices, std::size_t max) noexcept;

  /// Notes that the kernel took `bytes` more of what `slices` gave.
  void consume(std::size_t bytes) noexcept;

 private:
  WriteNode* first_ = nullptr;
  WriteNode* last_ = nullptr;
  WriteNode* unsent_ = nullptr;  // nothing before it is left to send; null: not known
};

}  // namespace net::inline NET_ABI::detail

#include <net/detail/stream/write_queue.ipp>

#endif
