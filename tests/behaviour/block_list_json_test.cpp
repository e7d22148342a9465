#include <net/block_list.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/block_lists.hpp"

using namespace tests;
using namespace std::string_view_literals;

TEST_CASE("S6.11: toJSON is the list of rules, and fromJSON adds them in that order") {
  const BlockList list;
  CHECK(list.toJSON() == "[]");
  list.addAddress("1.1.1.1");
  list.addSubnet("::", 8, Family::IPv6);
  list.addRange("2.0.0.0", "3.0.0.0");
  CHECK(list.toJSON() == R"(["Range: IPv4 2.0.0.0-3.0.0.0","Subnet: IPv6 ::/8","Address: IPv4 1.1.1.1"])");
  const BlockList copy;
  copy.fromJSON(list.toJSON());
  CHECK(copy.rules() == Rules{"Address: IPv4 1.1.1.1", "Subnet: IPv6 ::/8", "Range: IPv4 2.0.0.0-3.0.0.0"});
  for (const auto text : {"1.1.1.1", "2.5.0.0", "00ff::", "1.1.1.2", "4.0.0.0", "ff00::"}) {
    CHECK(copy.check(at(text)) == list.check(at(text)));
  }
}

TEST_CASE("S6.11: texts that are not rules are ignored") {
  const BlockList list;
  list.fromJSON(
      R"(["", "rule", "Address: IPv4", "Address: IPv4 ", "Address: IPv4 1.1.1", "Address: IPv4 1.1.1.1.1",
                    "Address: IPv4 1111.1.1.1", "Address: IPv5 1.1.1.1", "Address: IPv6 xyz", "Address:  IPv4 1.1.1.1",
                    "Subnet: IPv4 1.1.1.1", "Subnet: IPv4 1.1.1.1/", "Subnet: IPv4 1.1.1.1/100", "Subnet: IPv6 ::/x",
                    "Subnet: IPv6 ::/1000", "Range: IPv4 1.1.1.1", "Range: IPv4 1.1.1.1-", "Range: IPv4 -1.1.1.1",
                    "Range: IPv6 ::1", "Range: IPv6 ::1-z", "Range: IPv4 1.1.1.1-1.1.1", " Address: IPv4 1.1.1.1",
                    "Address: IPv4 1.1.1.1 ", "address: IPv4 1.1.1.1", "\u00e9", "\ud83d\ude00"])");
  CHECK(list.rules().empty());
}

TEST_CASE("S6.11: a rule with a wrong address throws; the ones before it stay") {
  const auto code_of = [](std::string_view rule) {
    const BlockList list;
    const net::Error error = error_of(
        [&] { list.fromJSON("[\"Address: IPv4 1.1.1.1\",\"" + std::string(rule) + "\",\"Address: IPv4 2.2.2.2\"]"); });
    CHECK(list.rules() == Rules{"Address: IPv4 1.1.1.1"});
    return error.code();
  };
  CHECK(code_of("Address: IPv4 999.1.1.1") == Errc::ERR_INVALID_ADDRESS);
  CHECK(code_of("Address: IPv4 01.1.1.1") == Errc::ERR_INVALID_ADDRESS);
  CHECK(code_of("Address: IPv6 1::2::3") == Errc::ERR_INVALID_ADDRESS);
  CHECK(code_of("Address: IPv6 1") == Errc::ERR_INVALID_ADDRESS);
  CHECK(code_of("Range: IPv4 1.1.1.1-1.1.1.256") == Errc::ERR_INVALID_ADDRESS);
  CHECK(code_of("Range: IPv4 1.1.1.2-1.1.1.1") == Errc::ERR_INVALID_ARG_VALUE);
  CHECK(code_of("Range: IPv6 ::2-::1") == Errc::ERR_INVALID_ARG_VALUE);
  CHECK(code_of("Subnet: IPv4 1.1.1.1/33") == Errc::ERR_OUT_OF_RANGE);
  CHECK(code_of("Subnet: IPv6 ::1/129") == Errc::ERR_OUT_OF_RANGE);
}

TEST_CASE("S6.11: JSON that is not a list of texts adds nothing") {
  const BlockList list;
  for (const std::string_view json :
       {"{}"sv, "5"sv, "-0.5e+10"sv, "null"sv, "true"sv, "false"sv, "\"Address: IPv4 1.1.1.1\""sv,
        "[\"Address: IPv4 1.1.1.1\",5]"sv, "[[\"Address: IPv4 1.1.1.1\"]]"sv,
        "[\"Address: IPv4 1.1.1.1\",{\"a\":[],\"b\":{}}]"sv, "[[[[]]],\"a\"]"sv, " [null] "sv}) {
    CAPTURE(json);
    const net::Error error = error_of([&] { list.fromJSON(json); });
    CHECK(error.code() == Errc::ERR_INVALID_ARG_TYPE);
    CHECK(error.kind() == "TypeError");
  }
  CHECK(error_of([&] { list.fromJSON("{}"); }).what() ==
        "The \"data\" argument must be of type string or string[]. Received an instance of Object"sv);
  CHECK(list.rules().empty());
}

TEST_CASE("S6.11: text that is not JSON is a syntax error and adds nothing") {
  const BlockList list;
  for (const std::string_view json : {""sv,
                                      " "sv,
                                      "["sv,
                                      "]"sv,
                                      "[\"Address: IPv4 1.1.1.1\""sv,
                                      "[\"a\",]"sv,
                                      "[,]"sv,
                                      "[\"a\" \"b\"]"sv,
                                      "['a']"sv,
                                      "[\"Address: IPv4 1.1.1.1\"] x"sv,
                                      "[\"a]"sv,
                                      "[\"\\x\"]"sv,
                                      "[\"\\u12g4\"]"sv,
                                      "[\"\\u12"sv,
                                      "[\"a\\"sv,
                                      "[\"\n\"]"sv,
                                      "nul"sv,
                                      "truex"sv,
                                      "01"sv,
                                      "1."sv,
                                      "-"sv,
                                      "1e"sv,
                                      "+1"sv,
                                      "{\"a\"}"sv,
                                      "{\"a\":}"sv,
                                      "{a:1}"sv,
                                      "{\"a\":1,}"sv,
                                      "[}"sv,
                                      "{]"sv,
                                      "[\"a\"]]"sv,
                                      "\0"sv,
                                      "[]\0"sv,
                                      "\xef\xbb\xbf[]"sv,
                                      "[\"a\"\0]"sv,
                                      "\xff"sv}) {
    CAPTURE(json);
    const net::Error error = error_of([&] { list.fromJSON(json); });
    CHECK(error.kind() == "SyntaxError");
    CHECK(error.name().empty());
    CHECK(error);
  }
  CHECK(error_of([&] { list.fromJSON("[\"a\""); }).what() == "Unexpected end of JSON input"sv);
  CHECK(error_of([&] { list.fromJSON("[\"a\" x]"); }).what() == "Unexpected character in JSON at position 5"sv);
  CHECK(list.rules().empty());
}

TEST_CASE("S6.11: JSON may be written in any way, and nested to any depth") {
  const BlockList list;
  list.fromJSON("\t[ \"\\u0041ddress: IPv4 1.1.1.1\" ,\r\n\"Subnet: IPv4 2.0.0.0\\/8\"]\n");
  CHECK(list.rules() == Rules{"Subnet: IPv4 2.0.0.0/8", "Address: IPv4 1.1.1.1"});
  const std::size_t megabyte = 1 << 20;
  CHECK(error_of([&] { list.fromJSON(std::string(megabyte, '[')); }).kind() == "SyntaxError");
  CHECK(error_of([&] { list.fromJSON(std::string(megabyte, '[') + std::string(megabyte, ']')); }).code() ==
        Errc::ERR_INVALID_ARG_TYPE);
}

TEST_CASE("S6.12: a list reads all that it writes") {
  const BlockList list;
  list.addAddress("::ffff:1.2.3.4", Family::IPv6);
  list.addRange(at("::1.2.3.4"), at("::1.2.3.9"));
  list.addSubnet("::ffff:1.2.0.0", 112, Family::IPv6);
  list.addRange(at("1.1.1.1"), at("::ffff:1.1.1.9"));
  list.addRange(at("::1"), at("1.1.1.9"));
  const BlockList once, twice;
  once.fromJSON(list.toJSON());
  twice.fromJSON(once.toJSON());
  CHECK(once.rules().size() == 5);
  CHECK(twice.rules() == list.rules());
}
