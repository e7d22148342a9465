#include <net/detail/coro/kept_arguments.hpp>

#include <doctest/doctest.h>

#include <net/error.hpp>
#include <net/socket.hpp>
#include <string>
#include <string_view>

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
