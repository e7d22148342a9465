#include <net/worker_pool.hpp>

#include <doctest/doctest.h>

#include <net/task.hpp>
#include <string>
#include <vector>

TEST_CASE(
    "a result that a task has taken is not given again; one that a callback has had is, while somebody has the job") {
  net::Loop loop;
  net::WorkerPool pool(1);
  const std::string text = "a text that is too long to be kept inside";
  std::vector<std::string> got;
  bool called = false;
  net::spawn([&]() -> net::Task<> {
    auto job = pool.exec([text] { return text; });
    got.push_back(co_await job);
    try {
      got.push_back(co_await job);
    } catch (const net::Error& error) {
      got.emplace_back(error.name());
    }
    CHECK_THROWS_AS(job.then([](std::string) {}), net::Error);
    job.then([&] { called = true; });
    auto number = pool.exec([] { return 5; });
    CHECK(co_await number + co_await number == 10);
    auto asked = pool.exec([text] { return text; });
    asked.then([&](std::string first) { got.push_back(std::move(first)); });
    co_await net::sleep(1);
    while (got.size() < 3) co_await net::sleep(1);
    asked.then([&](std::string second) { got.push_back(std::move(second)); });
    co_await net::sleep(1);
  });
  loop.run();
  CHECK(called);
  CHECK(got == std::vector<std::string>{text, "ERR_INVALID_STATE", text, text});
}
