#include <net/detail/coro/kept_arguments.hpp>

#include <doctest/doctest.h>

#include <net/error.hpp>
#include <net/socket.hpp>
#include <string>
#include <string_view>
#include <system_error>

using net::detail::KeptArguments;

TEST_CASE("S34.1: kept arguments are copies, also of what views show, and a handle travels as it came") {
  std::string bytes = "bytes";
  std::string text = "text";
  const net::Error error("first");
  net::Chunk chunk(bytes);
  std::string_view view(text);
  int number = 4, state = 0;
  void* given[] = {&chunk, const_cast<net::Error*>(&error), &number, &state, &view};
  using Kept = KeptArguments<net::Chunk, const net::Error, int, net::Socket, std::string_view>;
  static_assert(Kept::any);
  Kept kept(given);
  bytes = "other";
  text = "next";
  number = 0;
  CHECK(*static_cast<net::Chunk*>(kept.at[0]) == "bytes");
  CHECK(static_cast<net::Error*>(kept.at[1])->what() == std::string_view("first"));
  CHECK(*static_cast<int*>(kept.at[2]) == 4);
  CHECK(kept.at[3] == &state);
  CHECK(*static_cast<std::string_view*>(kept.at[4]) == "text");
}

TEST_CASE("S34.1: where a listener takes nothing but handles, nothing is kept") {
  static_assert(!KeptArguments<>::any);
  static_assert(!KeptArguments<net::Socket>::any);
  static_assert(KeptArguments<net::Socket, bool>::any);
}

TEST_CASE("S34.1: a parameter refers to its argument, or a base of it, and not to what that was converted to") {
  using net::detail::Parameters;
  using net::detail::refer_to_no_others;
  using net::detail::TypeList;
  const auto fits = [](auto callable, auto given) {
    return refer_to_no_others(typename Parameters<decltype(callable)>::Types{}, given);
  };
  using Chunk = TypeList<net::Chunk>;
  CHECK(fits([](std::string_view) {}, Chunk{}));
  CHECK(fits([](const net::Chunk&) {}, Chunk{}));
  CHECK_FALSE(fits([](const std::string_view&) {}, Chunk{}));
  CHECK_FALSE(fits([](const std::string_view&) mutable {}, Chunk{}));
  CHECK_FALSE(fits([](const std::string_view&) noexcept {}, Chunk{}));
  CHECK_FALSE(fits(+[](const std::string_view&) {}, Chunk{}));
  CHECK_FALSE(fits(+[](std::string_view&&) noexcept {}, Chunk{}));
  CHECK(fits([](const std::string_view&) {}, TypeList<std::string_view>{}));
  CHECK(fits([](const std::system_error&) {}, TypeList<const net::Error>{}));
  CHECK_FALSE(fits([](int, const long&) {}, TypeList<int, int>{}));
  CHECK(fits([](int, const long& = 0) {}, TypeList<int>{}));
  CHECK(fits([](const auto&...) {}, Chunk{}));
}
