#include <net/detail/io/watcher.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <vector>

using net::detail::Registration;
using net::detail::Registrations;
using net::detail::Watcher;

TEST_CASE("a place stands for its watcher until that is dropped or dies; then for nobody") {
  Registrations table;
  Watcher one;
  REQUIRE(table.add(one));
  Registration* const first = one.registration;
  CHECK(first->watcher == &one);
  table.remove(*first, true);
  CHECK(one.registration == nullptr);
  CHECK(first->watcher == nullptr);
  Registration* second = nullptr;
  {
    Watcher brief;
    REQUIRE(table.add(brief));
    second = brief.registration;
  }
  CHECK(second->watcher == nullptr);
  CHECK_FALSE(table.given_up_now(*second));
}

TEST_CASE("a place rests until the next round begins, and is known to have been given up so long") {
  Registrations table;
  Watcher one, two;
  REQUIRE(table.add(one));
  Registration* const place = one.registration;
  CHECK_FALSE(table.given_up_now(*place));
  table.remove(*place, true);
  CHECK(table.given_up_now(*place));
  REQUIRE(table.add(two));
  CHECK(two.registration != place);
  table.begin_round();
  CHECK_FALSE(table.given_up_now(*place));
  REQUIRE(table.add(one));
  CHECK(one.registration == place);
}

TEST_CASE("a place that the system may still report is never used again") {
  Registrations table;
  Watcher lost;
  REQUIRE(table.add(lost));
  Registration* const place = lost.registration;
  table.remove(*place, false);
  CHECK_FALSE(table.given_up_now(*place));
  std::vector<std::unique_ptr<Watcher>> others;
  for (int i = 0; i < 300; ++i) {
    table.begin_round();
    others.push_back(std::make_unique<Watcher>());
    REQUIRE(table.add(*others.back()));
    CHECK(others.back()->registration != place);
  }
}

TEST_CASE("thousands of watchers keep their places while others come; a table that dies releases them") {
  auto table = std::make_unique<Registrations>();
  std::vector<std::unique_ptr<Watcher>> all;
  std::vector<Registration*> places;
  for (int i = 0; i < 3000; ++i) {
    all.push_back(std::make_unique<Watcher>());
    REQUIRE(table->add(*all.back()));
    places.push_back(all.back()->registration);
  }
  std::size_t found = 0;
  for (std::size_t i = 0; i < all.size(); ++i) found += places[i]->watcher == all[i].get();
  CHECK(found == all.size());
  CHECK(std::set<Registration*>(places.begin(), places.end()).size() == all.size());
  std::size_t visited = 0;
  table->each([&](Registration&) { ++visited; });
  CHECK(visited == all.size());
  table.reset();
  for (const auto& watcher : all) REQUIRE(watcher->registration == nullptr);
}
