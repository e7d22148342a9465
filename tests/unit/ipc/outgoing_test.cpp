#include <net/detail/ipc/outgoing.hpp>

#include <doctest/doctest.h>

#include <net.hpp>
#include <string>

#include "tests/support/session.hpp"

using namespace net::detail;

TEST_CASE("what waits is taken in order, or by its number") {
  OutgoingList list;
  for (std::uint64_t id = 1; id <= 4; ++id) {
    list.push(new Outgoing);
    auto* last = list.first();
    while (last->next) last = last->next;
    last->id = id;
  }
  CHECK(list.size() == 4);
  CHECK(list.take(9) == nullptr);
  Outgoing* const last = list.take(4);
  REQUIRE(last);
  list.push(last);
  delete list.take(2);
  std::string order;
  while (!list.empty()) {
    Outgoing* const one = list.pop();
    order += std::to_string(one->id);
    delete one;
  }
  CHECK(order == "134");
  CHECK(list.size() == 0);
}

TEST_CASE("S33.2: the head says what the socket is, and its descriptor is there as long as it is open") {
  net::Loop loop;
  tests::Ends ends(loop);
  Outgoing one;
  one.socket = Ref<SocketState>(&Access::state(ends.client));
  one.bytes = std::string(one.ticket(), '\0') + "messageunread";
  one.message = 7;
  CHECK(one.unread() == "unread");
  one.write_head();
  FrameHeader header;
  REQUIRE(read_frame_header(one.head, header));
  CHECK(header.kind == FrameKind::socket);
  CHECK(header.flags == (flag_readable | flag_writable | flag_half_open));
  CHECK(header.message == 7);
  CHECK(header.unread == 6);
  CHECK(one.carries());
  CHECK(one.size() == 25 + Machine::ticket_size);
  CHECK(one.descriptor() == ends.client.nativeHandle());
  ends.destroy();
  CHECK(one.descriptor() == no_handle);
}
