#include <net/detail/coro/results.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

using namespace net::detail;

TEST_CASE("S34.7: results are taken apart in the order of their tasks, also those that can only be moved") {
  using Results = ResultTuple<std::index_sequence<0, 1, 2>, int, Nothing, std::unique_ptr<int>>;
  static_assert(std::tuple_size_v<Results> == 3);
  static_assert(std::is_same_v<std::tuple_element_t<2, Results>, std::unique_ptr<int>>);
  auto [number, nothing, owned] = Results{{1}, {}, {std::make_unique<int>(2)}};
  CHECK(number == 1);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(nothing)>, Nothing>);
  CHECK(*owned == 2);
  Results kept{{3}, {}, {nullptr}};
  kept.get<0>() = 4;
  CHECK(std::as_const(kept).get<0>() == 4);
}

TEST_CASE("S34.7: a task of void has a result only among others") {
  static_assert(std::is_same_v<ResultOf<void>, Nothing> && std::is_same_v<ResultOf<std::string>, std::string>);
  static_assert(std::is_void_v<decltype(std::declval<AllResults<void, void>&>().take(std::declval<JoinedTasks&>()))>);
  static_assert(!std::is_void_v<decltype(std::declval<AllResults<void, int>&>().take(std::declval<JoinedTasks&>()))>);
}
