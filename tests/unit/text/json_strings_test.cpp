#include <net/detail/text/json_strings.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using net::detail::JsonStrings;
using namespace std::string_view_literals;
using Strings = std::vector<std::string>;

namespace {

/// Where the text stops being JSON; npos if it is.
std::size_t stops_at(std::string_view text) {
  const JsonStrings json(text);
  return json.valid() ? std::string_view::npos : json.position();
}

Strings strings_of(std::string_view text) {
  JsonStrings json(text);
  REQUIRE(json.valid());
  return json.strings();
}

std::string message_of(void (*call)()) {
  try {
    call();
  } catch (const net::Error& error) {
    return std::string(error.kind()) + ": " + error.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("S6.11: a list of strings gives its strings, with what was escaped") {
  CHECK(strings_of("[]").empty());
  CHECK(strings_of(" [ \"a\" , \"\" , \"b\" ] ") == Strings{"a", "", "b"});
  CHECK(strings_of(R"(["\"\\\/\b\f\n\r\t"])") == Strings{"\"\\/\b\f\n\r\t"});
  CHECK(strings_of(R"(["\u0041\u007f\u0000"])") == Strings{std::string("A\x7f\0", 3)});
  CHECK_MESSAGE(strings_of(R"(["\u00e9\ud83d"])") == Strings{"\xff\xff"}, "beyond ASCII: something that is no address");
  CHECK(strings_of("[\"\xC3\xA9\"]") == Strings{"\xC3\xA9"});
}

TEST_CASE("S6.11: only a list whose items are all strings is one; what is deeper is no item of it") {
  const auto list = [](std::string_view text) {
    const JsonStrings json(text);
    REQUIRE(json.valid());
    return json.is_list();
  };
  CHECK(list("[]"));
  CHECK(list("[\"a\"]"));
  for (const std::string_view other : {"{}"sv, "\"a\""sv, "1"sv, "null"sv, "[1]"sv, "[\"a\", null]"sv, "[[]]"sv,
                                       "[{}]"sv, "[\"a\",[\"b\"]]"sv, "{\"a\":\"b\"}"sv, "[[\"a\"]]"sv}) {
    CAPTURE(other);
    CHECK_FALSE(list(other));
  }
  JsonStrings nested("[\"a\",[\"b\"],{\"c\":\"d\"},\"e\"]");
  CHECK_MESSAGE(nested.strings() == Strings{"a"}, "nothing is taken from where it is no list any more");
}

TEST_CASE("JSON is the grammar's numbers, words and containers, with space around them, and nothing else") {
  for (const std::string_view good :
       {"0"sv, "-0"sv, "10"sv, "1.5"sv, "1e5"sv, "1E+5"sv, "-1.25e-10"sv, "true"sv, "false"sv, " null\t\r\n"sv,
        "[[],{},[{}]]"sv, "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"\":0}"sv, "[1 ,2 , 3]"sv,
        "{ \"a\" : 1 , \"b\" : 2 }"sv}) {
    CAPTURE(good);
    CHECK(stops_at(good) == std::string_view::npos);
  }
  struct Row {
    std::string_view text;
    std::size_t at;
  };
  for (const Row& row :
       {Row{"", 0},         Row{"  ", 2},    Row{"[", 1},         Row{"[1", 2},         Row{"[1,", 3},
        Row{"[1,]", 3},     Row{"[1 2]", 3}, Row{"01", 1},        Row{"1.", 2},         Row{"1.e5", 2},
        Row{"1e", 2},       Row{"-", 1},     Row{"+1", 0},        Row{".5", 0},         Row{"nul", 3},
        Row{"nulL", 3},     Row{"True", 0},  Row{"\"a", 2},       Row{"\"\\q\"", 2},    Row{"\"\\u12x4\"", 5},
        Row{"\"a\nb\"", 2}, Row{"{1:2}", 1}, Row{"{\"a\" 1}", 5}, Row{"{\"a\":1,}", 7}, Row{"[}", 1},
        Row{"{]", 1},       Row{"[] []", 3}, Row{"[\"a\"],", 5},  Row{"]", 0},          Row{"'a'", 0}}) {
    CAPTURE(row.text);
    CHECK(stops_at(row.text) == row.at);
  }
  CHECK_MESSAGE(stops_at("[\"a\0b\"]"sv) == 3, "a NUL is a control character");
  CHECK_MESSAGE(stops_at("[]\0"sv) == 2, "and no end of the text");
}

TEST_CASE("a text may be nested to any depth: nothing is called for it") {
  const std::size_t deep = 300000;
  std::string text(deep, '[');
  CHECK(stops_at(text) == deep);
  text.append(deep, ']');
  CHECK(stops_at(text) == std::string_view::npos);
  text.back() = '}';
  CHECK(stops_at(text) == 2 * deep - 1);
}

TEST_CASE("S6.11: what is wrong is thrown in words of its own, for bad JSON and for other JSON") {
  CHECK(message_of([] { net::detail::throw_bad_json("[", 1); }) == "SyntaxError: Unexpected end of JSON input");
  CHECK(message_of([] { net::detail::throw_bad_json("[x]", 1); }) ==
        "SyntaxError: Unexpected character in JSON at position 1");
  const std::string begin = "TypeError: The \"data\" argument must be of type string or string[]. Received ";
  CHECK(message_of([] { net::detail::throw_not_a_list(" [1]"); }) == begin + "an instance of Array");
  CHECK(message_of([] { net::detail::throw_not_a_list("{}"); }) == begin + "an instance of Object");
  CHECK(message_of([] { net::detail::throw_not_a_list("null"); }) == begin + "null");
  CHECK(message_of([] { net::detail::throw_not_a_list("5"); }) == begin + "another type");
}
