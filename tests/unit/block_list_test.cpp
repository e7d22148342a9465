#include <net/block_list.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/block_lists.hpp"

using namespace tests;
using namespace std::string_view_literals;

namespace {

bool blocks(const BlockList& list, std::string_view address) { return list.check(address, Family::unspecified); }

}  // namespace

TEST_CASE("S6.1: an address is IPv4 text unless said otherwise") {
  const BlockList list;
  list.addAddress("1.1.1.1");
  list.addAddress("::1", Family::IPv6);
  list.addAddress("::2", Family::unspecified);
  CHECK(list.check("1.1.1.1"));
  CHECK_FALSE(list.check("1.1.1.2"));
  CHECK(list.check("::1", Family::IPv6));
  CHECK(list.check("::2", Family::IPv6));
  CHECK_FALSE(list.check("::1"));
}

TEST_CASE("S6.1: of a SocketAddress only the address counts") {
  const BlockList list;
  list.addAddress(SocketAddress({.address = "::1", .flowlabel = 7, .port = 80}));
  list.addSubnet(SocketAddress({.address = "10.0.0.0", .port = 5}), 8);
  CHECK(list.check(SocketAddress({.address = "::1", .port = 81})));
  CHECK(list.check(SocketAddress({.address = "10.9.9.9", .port = 1})));
}

TEST_CASE("S6.2: what is no address of the family throws and adds nothing") {
  const BlockList list;
  for (const std::string_view text :
       {""sv, "1.1.1"sv, "::1"sv, "localhost"sv, "1.1.1.1 "sv, "1.1.1.1\0"sv, "1.1.1.\xb9"sv}) {
    CAPTURE(text);
    CHECK(error_of([&] { list.addAddress(text); }).code() == Errc::ERR_INVALID_ADDRESS);
    CHECK(error_of([&] { list.addRange(text, "9.9.9.9"); }).code() == Errc::ERR_INVALID_ADDRESS);
    CHECK(error_of([&] { list.addRange("0.0.0.1", text); }).code() == Errc::ERR_INVALID_ADDRESS);
    CHECK(error_of([&] { list.addSubnet(text, 99); }).code() == Errc::ERR_INVALID_ADDRESS);
  }
  CHECK(error_of([&] { list.addAddress("1.1.1.1", Family::IPv6); }).what() == "Invalid socket address"sv);
  CHECK(error_of([&] { list.addAddress(std::string(1 << 20, '1')); }).code() == Errc::ERR_INVALID_ADDRESS);
  CHECK(list.rules().empty());
}

TEST_CASE("S6.2: a family that is none throws") {
  const BlockList list;
  const net::Error error = error_of([&] { list.addAddress("bad", static_cast<Family>(7)); });
  CHECK(error.code() == Errc::ERR_INVALID_ARG_VALUE);
  CHECK(error.what() == "The property 'options.family' is invalid. Received 7"sv);
  CHECK(error_of([&] { list.addRange("1.1.1.1", "1.1.1.2", static_cast<Family>(7)); }).code() ==
        Errc::ERR_INVALID_ARG_VALUE);
  CHECK(error_of([&] { list.addSubnet("1.1.1.1", 8, static_cast<Family>(7)); }).code() == Errc::ERR_INVALID_ARG_VALUE);
  CHECK(list.rules().empty());
}

TEST_CASE("S6.3: both ends belong to a range") {
  const BlockList list;
  list.addRange("10.0.0.1", "10.0.0.10");
  list.addRange("20.0.0.1", "20.0.0.1");
  list.addRange("::a", "::f", Family::IPv6);
  for (const auto text : {"10.0.0.1", "10.0.0.5", "10.0.0.10", "20.0.0.1", "::a", "::f"}) CHECK(blocks(list, text));
  for (const auto text : {"10.0.0.0", "10.0.0.11", "20.0.0.0", "20.0.0.2", "::9", "::10"})
    CHECK_FALSE(blocks(list, text));
}

TEST_CASE("S6.3: a start after its end throws and adds nothing") {
  const BlockList list;
  const net::Error error = error_of([&] { list.addRange("1.1.1.2", "1.1.1.1"); });
  CHECK(error.code() == Errc::ERR_INVALID_ARG_VALUE);
  CHECK(error.kind() == "TypeError");
  CHECK(error.what() ==
        "The argument 'start' must come before end. Received SocketAddress "
        "{ address: '1.1.1.2', port: 0, family: 'ipv4', flowlabel: 0 }"sv);
  CHECK(error_of([&] { list.addRange("1234:1234:1234:1234:1234:1234:1234:1234", "::", Family::IPv6); }).what() ==
        "The argument 'start' must come before end. Received SocketAddress {\n"
        "  address: '1234:1234:1234:1234:1234:1234:1234:1234',\n  port: 0,\n  family: 'ipv6',\n  flowlabel: 0\n}"sv);
  CHECK(error_of([&] { list.addRange(at("::ffff:1.1.1.9"), at("1.1.1.1")); }).code() == Errc::ERR_INVALID_ARG_VALUE);
  CHECK(error_of([&] { list.addRange(at("1.1.1.9"), at("::ffff:1.1.1.1")); }).code() == Errc::ERR_INVALID_ARG_VALUE);
  CHECK(list.rules().empty());
  CHECK_FALSE(list.check("1.1.1.2"));
}

TEST_CASE("S6.3: an IPv4 end and a mapped end make an IPv4 range") {
  for (const auto& [start, end] : {std::pair{"1.1.1.1", "::ffff:1.1.1.9"}, std::pair{"::ffff:1.1.1.1", "1.1.1.9"}}) {
    const BlockList list;
    list.addRange(at(start), at(end));
    CHECK(blocks(list, "1.1.1.1"));
    CHECK(blocks(list, "::ffff:1.1.1.9"));
    CHECK_FALSE(blocks(list, "1.1.1.10"));
    CHECK_FALSE(blocks(list, "::5"));
  }
}

TEST_CASE("S6.3: ends that cannot be compared never match an IPv4 address") {
  for (const auto& [start, end] : {std::pair{"1.1.1.1", "::1"}, std::pair{"1::", "1.1.1.1"}}) {
    const BlockList list;
    list.addRange(at(start), at(end));
    for (const auto text : {"1.1.1.1", "::ffff:1.1.1.1", "0.0.0.1", "::1", "1::", "255.255.255.255"}) {
      CHECK_FALSE(blocks(list, text));
    }
    CHECK(list.rules().size() == 1);
  }
  // What lies between is written as a mapped address.
  const BlockList list;
  list.addRange(at("1.1.1.1"), at("1::"));
  CHECK(blocks(list, "::ffff:1.1.1.1"));
  CHECK(blocks(list, "::ffff:255.255.255.255"));
  CHECK_FALSE(blocks(list, "::ffff:1.1.1.0"));
  CHECK_FALSE(blocks(list, "1.1.1.1"));
  CHECK_FALSE(blocks(list, "0:1::"));
}

TEST_CASE("S6.4: a prefix is 0 to 32, or 0 to 128") {
  const BlockList list;
  for (const int prefix : {-1, 33, 1 << 30}) {
    const net::Error error = error_of([&] { list.addSubnet("1.1.1.1", prefix); });
    CHECK(error.code() == Errc::ERR_OUT_OF_RANGE);
    CHECK(error.what() ==
          "The value of \"prefix\" is out of range. It must be >= 0 && <= 32. Received " + std::to_string(prefix));
  }
  const net::Error error = error_of([&] { list.addSubnet("::1", 129, Family::IPv6); });
  CHECK(error.what() == "The value of \"prefix\" is out of range. It must be >= 0 && <= 128. Received 129"sv);
  CHECK(list.rules().empty());
}

TEST_CASE("S6.4: the host bits of a subnet do not count") {
  const BlockList list;
  list.addSubnet("10.1.2.3", 27);
  list.addSubnet("8592:757c:efae:4e45:1:2:3:4", 51, Family::IPv6);
  for (const auto text : {"10.1.2.0", "10.1.2.31", "8592:757c:efae:4000::", "8592:757c:efae:5fff:ffff::"}) {
    CHECK(blocks(list, text));
  }
  for (const auto text : {"10.1.1.255", "10.1.2.32", "8592:757c:efae:3fff::", "8592:757c:efae:6000::"}) {
    CHECK_FALSE(blocks(list, text));
  }
  CHECK(list.rules() == Rules{"Subnet: IPv6 8592:757c:efae:4e45:1:2:3:4/51", "Subnet: IPv4 10.1.2.3/27"});
}

TEST_CASE("S6.4: every prefix length covers what begins with its bits") {
  for (int prefix = 0; prefix <= 128; ++prefix) {
    CAPTURE(prefix);
    const BlockList list;
    list.addSubnet("aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa", prefix, Family::IPv6);
    net::detail::IpAddress ip = at("aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa").ip();
    for (int bit = 0; bit < 128; ++bit) {
      net::detail::IpAddress other = ip;
      other.bytes[bit / 8] = static_cast<std::uint8_t>(other.bytes[bit / 8] ^ (0x80 >> bit % 8));
      CHECK(list.check(SocketAddress(other)) == (bit >= prefix));
    }
  }
}

TEST_CASE("S6.5: what is no address of its family is not blocked") {
  const BlockList list;
  list.addSubnet("0.0.0.0", 0);
  list.addSubnet("::", 0, Family::IPv6);
  static_assert(noexcept(list.check(std::string_view())));
  for (const std::string_view text : {""sv, "bad"sv, "1.1.1"sv, "1.1.1.1 "sv, "1.1.1.1\0"sv, "::\xff"sv}) {
    CHECK_FALSE(list.check(text));
    CHECK_FALSE(list.check(text, Family::IPv6));
    CHECK_FALSE(list.check(text, Family::unspecified));
  }
  CHECK_FALSE(list.check(std::string_view{}));
  CHECK_FALSE(list.check("::1", Family::IPv4));
  CHECK_FALSE(list.check("1.1.1.1", Family::IPv6));
  CHECK_FALSE(list.check("1.1.1.1", static_cast<Family>(9)));
  CHECK_FALSE(list.check(std::string(1 << 20, '1')));
}

struct MappedRow {
  const char* rule;
  void (*add)(const BlockList&);
  bool ipv4, mapped, ipv6;
};

TEST_CASE("S6.6: an IPv4 address and the mapped one are the same") {
  // Asked: 10.1.1.1, ::ffff:10.1.1.1 and ::10.1.1.1.
  const MappedRow rows[] = {
      {"address IPv4", [](const BlockList& list) { list.addAddress("10.1.1.1"); }, true, true, false},
      {"address mapped", [](const BlockList& list) { list.addAddress(at("::ffff:10.1.1.1")); }, true, true, false},
      {"address compatible", [](const BlockList& list) { list.addAddress(at("::10.1.1.1")); }, false, false, true},
      {"range IPv4", [](const BlockList& list) { list.addRange("10.0.0.0", "10.2.0.0"); }, true, true, false},
      {"range mapped", [](const BlockList& list) { list.addRange(at("::ffff:10.0.0.0"), at("::ffff:10.2.0.0")); }, true,
       true, false},
      {"range other", [](const BlockList& list) { list.addRange(at("::"), at("ffff::")); }, false, true, true},
      {"range up to mapped", [](const BlockList& list) { list.addRange(at("::"), at("::ffff:10.2.0.0")); }, false, true,
       true},
      {"range from mapped", [](const BlockList& list) { list.addRange(at("::ffff:10.0.0.0"), at("1::")); }, false, true,
       false},
      {"subnet IPv4", [](const BlockList& list) { list.addSubnet("10.0.0.0", 8); }, true, true, false},
      {"subnet 0.0.0.0/0", [](const BlockList& list) { list.addSubnet("0.0.0.0", 0); }, true, true, false},
      {"subnet mapped", [](const BlockList& list) { list.addSubnet(at("::ffff:10.0.0.0"), 104); }, true, true, false},
      {"subnet mapped /96", [](const BlockList& list) { list.addSubnet(at("::ffff:0:0"), 96); }, true, true, false},
      {"subnet ::/0", [](const BlockList& list) { list.addSubnet(at("::"), 0); }, true, true, true},
      {"subnet ::/80", [](const BlockList& list) { list.addSubnet(at("::"), 80); }, true, true, true},
      {"subnet ::/81", [](const BlockList& list) { list.addSubnet(at("::"), 81); }, false, false, true},
      {"subnet ::/96", [](const BlockList& list) { list.addSubnet(at("::"), 96); }, false, false, true},
  };
  for (const MappedRow& row : rows) {
    CAPTURE(row.rule);
    const BlockList list;
    row.add(list);
    CHECK(list.check("10.1.1.1") == row.ipv4);
    CHECK(list.check("::ffff:10.1.1.1", Family::IPv6) == row.mapped);
    CHECK(list.check("::10.1.1.1", Family::IPv6) == row.ipv6);
  }
}

TEST_CASE("S6.7: ranges compare numbers, not bytes") {
  const BlockList list;
  list.addRange("10.0.0.250", "10.0.1.5");
  CHECK(list.check("10.0.1.1"));
  CHECK(list.check("10.0.0.255"));
  CHECK_FALSE(list.check("10.0.0.1"));
  CHECK_FALSE(list.check("10.0.1.6"));
}

TEST_CASE("S6.8: zones do not count") {
  const BlockList list;
  list.addAddress("fe80::1%eth0", Family::IPv6);
  CHECK(list.check("fe80::1", Family::IPv6));
  CHECK(list.check("fe80::1%eth1", Family::IPv6));
  CHECK(list.rules() == Rules{"Address: IPv6 fe80::1"});
}

TEST_CASE("S6.9: rules are texts, the newest first, duplicates too") {
  const BlockList list;
  list.addAddress("1.1.1.1");
  list.addRange("10.0.0.1", "10.0.0.10");
  list.addSubnet("8592:757C:EFAE:4E45::", 64, Family::IPv6);
  list.addAddress("::FFFF:0102:0304", Family::IPv6);
  list.addAddress("1.1.1.1");
  list.addRange(at("::ffff:1.1.1.1"), at("1.1.1.9"));
  CHECK(list.rules() == Rules{"Range: IPv6 ::ffff:1.1.1.1-1.1.1.9", "Address: IPv4 1.1.1.1",
                              "Address: IPv6 ::ffff:1.2.3.4", "Subnet: IPv6 8592:757c:efae:4e45::/64",
                              "Range: IPv4 10.0.0.1-10.0.0.10", "Address: IPv4 1.1.1.1"});
}

TEST_CASE("S6.10: isBlockList is a test of the type") {
  const BlockList list;
  static_assert(noexcept(BlockList::isBlockList(list)));
  CHECK(BlockList::isBlockList(list));
  CHECK_FALSE(BlockList::isBlockList(5));
  CHECK_FALSE(BlockList::isBlockList(at("::1")));
}

TEST_CASE("S6.13: copies are the same list") {
  BlockList list;
  const BlockList copy = list;
  list.addAddress("1.1.1.1");
  CHECK(copy.check("1.1.1.1"));
  copy.addAddress("2.2.2.2");
  CHECK(list.rules().size() == 2);
  CHECK(copy == list);
  CHECK(BlockList() != list);

  const BlockList moved = std::move(list);
  list.addAddress("3.3.3.3");
  CHECK(moved.check("3.3.3.3"));
  list = BlockList();
  CHECK_FALSE(list.check("1.1.1.1"));
  CHECK(moved.check("1.1.1.1"));
  const BlockList& self = list;
  list = self;
  CHECK(list.rules().empty());
  std::optional<BlockList> option = moved;
  option = std::nullopt;
  CHECK(moved.rules().size() == 3);
  static_assert(sizeof(BlockList) == sizeof(void*));
}

TEST_CASE("S6.13: several threads add and check at once" * doctest::test_suite("threads")) {
  const BlockList list;
  constexpr std::uint32_t each = 2000;
  const auto address_of = [](std::uint32_t thread, std::uint32_t i) {
    return SocketAddress(net::detail::ipv4_address(thread << 28 | i * 2));
  };
  std::vector<std::thread> threads;
  bool seen[4] = {};
  for (std::uint32_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&list, &seen, &address_of, copy = list, thread] {
      bool all = true;
      for (std::uint32_t i = 0; i < each; ++i) {
        copy.addAddress(address_of(thread, i));
        all = all && copy.check(address_of(thread, i / 2)) &&
              !list.check(SocketAddress(net::detail::ipv4_address(i * 2 + 1)));
        if (i % 500 == 0) all = all && list.rules().size() > i;
      }
      seen[thread] = all;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const bool all : seen) CHECK(all);
  CHECK(list.rules().size() == 4 * each);
  for (std::uint32_t i = 0; i < each; ++i) CHECK(list.check(address_of(3, i)));
}
