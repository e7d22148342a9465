#include <net/detail/base/vec.hpp>

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using net::detail::Vec;

namespace {

std::vector<std::string> content(const Vec<std::string>& list) { return {list.begin(), list.end()}; }

}  // namespace

TEST_CASE("a list keeps what is pushed, in order, while its memory grows") {
  Vec<std::string> list;
  CHECK(list.empty());
  for (int i = 0; i < 100; ++i) list.push("a text too long to stand inside, " + std::to_string(i));
  REQUIRE(list.size() == 100);
  CHECK(list[0] == "a text too long to stand inside, 0");
  CHECK(list.back() == "a text too long to stand inside, 99");
  list.pop();
  CHECK(list.back() == "a text too long to stand inside, 98");
}

TEST_CASE("a list takes in the middle, at both ends, and an item of its own") {
  Vec<std::string> list;
  list.insert(0, "c");
  list.insert(0, "a");
  list.insert(1, "b");
  list.insert(3, "d");
  CHECK(content(list) == std::vector<std::string>{"a", "b", "c", "d"});
  list.insert(1, list[3]);  // the fifth: the memory grows
  CHECK(content(list) == std::vector<std::string>{"a", "d", "b", "c", "d"});
}

TEST_CASE("a list erases from the front, the middle and the end, and nothing") {
  Vec<std::string> list;
  for (const char* text : {"a", "b", "c", "d", "e"}) list.push(text);
  list.erase(2, 2);
  CHECK(list.size() == 5);
  list.erase(1, 3);
  CHECK(content(list) == std::vector<std::string>{"a", "d", "e"});
  list.erase(2, 3);
  list.erase(0, 1);
  CHECK(content(list) == std::vector<std::string>{"d"});
}

TEST_CASE("a list that is moved leaves an empty one, and reserves exactly what is asked for") {
  Vec<std::string> list;
  list.reserve(3);
  CHECK(list.capacity() == 3);
  list.reserve(2);
  CHECK(list.capacity() == 3);
  list.push("a");
  Vec<std::string> taken(std::move(list));
  CHECK(list.empty());  // NOLINT: that is what is tested
  CHECK(content(taken) == std::vector<std::string>{"a"});
  list = std::move(taken);
  CHECK(content(list) == std::vector<std::string>{"a"});
  list.clear();
  CHECK(list.empty());
  CHECK(list.capacity() == 3);
}

TEST_CASE("a part is a copy, and leaves the list as it is") {
  net::detail::Vec<int> list;
  for (int i = 0; i < 10; ++i) list.push(i);
  const net::detail::Vec<int> part = list.part(3, 6);
  REQUIRE(part.size() == 3);
  CHECK(part[0] == 3);
  CHECK(part[2] == 5);
  CHECK(list.part(10, 10).empty());
  CHECK(list.size() == 10);
}
