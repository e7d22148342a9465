#include <net/detail/base/fixed_string.hpp>

#include <doctest/doctest.h>

#include <type_traits>

namespace {

template <net::fixed_string Name>
struct Named {
  static constexpr std::string_view name = Name.view();
};

constexpr bool equal_literals_are_one_argument() { return std::is_same_v<Named<"data">, Named<"data">>; }
constexpr bool others_are_not() {
  return !std::is_same_v<Named<"data">, Named<"date">> && !std::is_same_v<Named<"a">, Named<"ab">>;
}

}  // namespace

TEST_CASE("a literal is a template argument: the same text is the same type, and the text can be read back") {
  static_assert(equal_literals_are_one_argument() && others_are_not());
  static_assert(Named<"data">::name == "data" && Named<"data">::name.size() == 4);
  static_assert(Named<"">::name.empty());
  static_assert(Named<"a\0b">::name == std::string_view("a\0b", 3),
                "a NUL inside is part of it, the one at the end is not");
  const net::fixed_string made("made while running");
  CHECK(made.view() == "made while running");
}
