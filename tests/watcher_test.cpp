#include <net/detail/watcher.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <vector>

using net::detail::Registration;
using net::detail::Registrations;
using net::detail::Watcher;

TEST_CASE("a token finds its watcher, until that is removed; the number is used again, the token is not") {
  Registrations table;
  Watcher one, two;
  const std::uint64_t first = table.add(one)->token();
  const std::uint64_t second = table.add(two)->token();
  CHECK(first != second);
  CHECK(table.find(first) == &one);
  CHECK(table.find(second) == &two);
  table.remove(*one.registration);
  CHECK(one.registration == nullptr);
  CHECK(table.find(first) == nullptr);
  table.begin_round();
  const std::uint64_t again = table.add(one)->token();
  CHECK_MESSAGE(static_cast<std::uint32_t>(again) == static_cast<std::uint32_t>(first), "the same number");
  CHECK(again != first);
  CHECK(table.find(first) == nullptr);
  CHECK(table.find(again) == &one);
}

TEST_CASE("what is given up in a round is known until the next one begins, and its number rests so long") {
  Registrations table;
  Watcher one, two;
  const std::uint64_t token = table.add(one)->token();
  CHECK_FALSE(table.given_up_now(token));
  table.remove(*one.registration);
  CHECK(table.given_up_now(token));
  CHECK(static_cast<std::uint32_t>(table.add(two)->token()) != static_cast<std::uint32_t>(token));
  table.begin_round();
  CHECK_FALSE(table.given_up_now(token));
}

TEST_CASE("a watcher that dies is gone from the table, and a table that dies from its watchers") {
  auto table = std::make_unique<Registrations>();
  std::uint64_t token = 0;
  {
    Watcher brief;
    token = table->add(brief)->token();
  }
  CHECK(table->find(token) == nullptr);
  CHECK_FALSE(table->given_up_now(token));
  Watcher kept;
  table->add(kept);
  table.reset();
  CHECK(kept.registration == nullptr);
}

TEST_CASE("a number whose generations are used up is never given again") {
  Registrations table;
  Watcher watcher;
  Registration* const place = table.add(watcher);
  place->generation = ~std::uint32_t{0};
  const std::uint64_t last = place->token();
  CHECK(table.find(last) == &watcher);
  table.remove(*place);
  table.begin_round();
  for (int i = 0; i < 300; ++i) {
    Watcher other;
    Registration* const fresh = table.add(other);
    CHECK(fresh->number != place->number);
    table.remove(*fresh);
    table.begin_round();
  }
}

TEST_CASE("thousands of watchers keep their places while others come") {
  Registrations table;
  std::vector<std::unique_ptr<Watcher>> all;
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < 3000; ++i) {
    all.push_back(std::make_unique<Watcher>());
    tokens.push_back(table.add(*all.back())->token());
  }
  std::size_t found = 0, visited = 0;
  for (std::size_t i = 0; i < all.size(); ++i) found += table.find(tokens[i]) == all[i].get();
  CHECK(found == all.size());
  table.each([&](Registration& each) { visited += each.watcher != nullptr; });
  CHECK(visited == all.size());
}
