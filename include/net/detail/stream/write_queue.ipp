// The bodies of write_queue.hpp. Internal.
#ifndef NET_DETAIL_STREAM_WRITE_QUEUE_IPP
#define NET_DETAIL_STREAM_WRITE_QUEUE_IPP

#include <net/detail/stream/write_queue.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail {

NET_API WriteNode* WriteNode::copy(const char* bytes, std::size_t size) {
  void* memory = ::operator new(sizeof(WriteNode) + size);
  auto* node = ::new (memory) WriteNode;
  char* to = reinterpret_cast<char*>(node + 1);
  if (size > 0) std::memcpy(to, bytes, size);
  node->data = to;
  node->size = size;
  node->destroy = [](WriteNode* n) noexcept {
    n->~WriteNode();
    ::operator delete(n);
  };
  return node;
}

NET_API WriteNode* WriteSource::node(std::size_t taken) const {
  if (!owner) return WriteNode::copy(bytes.data() + taken, bytes.size() - taken);
  WriteNode* const kept = keep(owner);
  kept->sent = taken;
  return kept;
}

NET_API void WriteQueue::pop() noexcept {
  WriteNode* node = first_;
  first_ = node->next;
  if (!first_) last_ = nullptr;
  if (unsent_ == node) unsent_ = first_;
  node->destroy(node);
}

NET_API void WriteQueue::move_to(WriteQueue& to) noexcept {
  if (!first_) {
    last_ = unsent_ = nullptr;
    return;
  }
  (to.last_ ? to.last_->next : to.first_) = first_;
  to.last_ = last_;
  first_ = last_ = unsent_ = nullptr;
}

NET_API void WriteQueue::move_last_to(WriteQueue& to, std::size_t count) noexcept {
  std::size_t keep = 0;
  for (const WriteNode* node = first_; node; node = node->next) ++keep;
  keep = keep < count ? 0 : keep - count;
  WriteQueue kept;
  for (; keep > 0; --keep) {
    WriteNode* node = first_;
    first_ = node->next;
    kept.push(node);
  }
  move_to(to);
  kept.move_to(*this);
}

NET_API std::size_t WriteQueue::slices(IoSlice* slices, std::size_t max) noexcept {
  if (!unsent_) unsent_ = first_;
  std::size_t count = 0;
  for (const WriteNode* node = unsent_; node && count < max; node = node->next) {
    if (node->sent < node->size) slices[count++] = {node->data + node->sent, node->size - node->sent};
  }
  return count;
}

NET_API void WriteQueue::consume(std::size_t bytes) noexcept {
  for (WriteNode* node = unsent_; node; node = node->next) {
    const std::size_t left = node->size - node->sent;
    const std::size_t taken = left < bytes ? left : bytes;
    node->sent += taken;
    bytes -= taken;
    unsent_ = node;
    if (node->sent < node->size || bytes == 0) return;
  }
}

NET_API void WriteQueue::push(WriteNode* node) noexcept {
  node->next = nullptr;
  (last_ ? last_->next : first_) = node;
  last_ = node;
}

}  // namespace net::inline NET_ABI::detail

#endif
#endif
