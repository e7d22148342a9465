#include <net/detail/stream/write_queue.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using net::detail::IoSlice;
using net::detail::WriteNode;
using net::detail::WriteQueue;

namespace {

std::string front_of(WriteQueue& queue, std::size_t max_slices = 8) {
  std::vector<IoSlice> slices(max_slices);
  std::string all;
  const std::size_t count = queue.slices(slices.data(), max_slices);
  for (std::size_t i = 0; i < count; ++i) all.append(slices[i].data, slices[i].size);
  return all;
}

void push(WriteQueue& queue, std::string_view text) { queue.push(WriteNode::copy(text.data(), text.size())); }

}  // namespace

TEST_CASE("a write queue offers what is not sent yet, in order, and nothing twice") {
  WriteQueue queue;
  push(queue, "abc");
  push(queue, "");
  push(queue, "defg");
  CHECK(front_of(queue) == "abcdefg");
  queue.consume(2);
  CHECK(front_of(queue) == "cdefg");
  CHECK(front_of(queue, 1) == "c");
  queue.consume(3);
  CHECK(front_of(queue) == "fg");
  queue.consume(2);
  CHECK(front_of(queue).empty());
  push(queue, "h");
  CHECK(front_of(queue) == "h");
}

TEST_CASE("a string or vector that is given up is kept, not copied") {
  std::string text(1000, 'x');
  const char* const at = text.data();
  WriteNode* node = WriteNode::keep(std::move(text));
  CHECK(node->data == at);
  CHECK(node->size == 1000);
  node->destroy(node);
  WriteNode* small = WriteNode::keep(std::string("short"));
  CHECK(std::string(small->data, small->size) == "short");
  small->destroy(small);
}

TEST_CASE("nodes move from queue to queue, all of them or the last few") {
  WriteQueue from, to;
  push(to, "1");
  push(from, "2");
  push(from, "3");
  push(from, "4");
  from.move_last_to(to, 2);
  CHECK(front_of(from) == "2");
  CHECK(front_of(to) == "134");
  from.move_to(to);
  CHECK(from.empty());
  CHECK(front_of(to) == "1342");
  push(from, "5");
  CHECK(front_of(from) == "5");
}
