#include <net/task.hpp>

#include <doctest/doctest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <net/task_group.hpp>
#include "tests/support/tasks.hpp"

namespace {

template <class Call>
std::error_code code_of(Call call) {
  try {
    call();
  } catch (const net::Error& error) {
    return error.code();
  }
  return {};
}

net::Task<> shows(std::string_view text, std::string& to) {
  co_await net::sleep(1);
  to = text;
}
net::Task<> counts(const std::vector<int>& numbers, int& to) {
  co_await net::sleep(1);
  to = static_cast<int>(numbers.size());
}
struct Config {
  int answer = 42;
};
net::Task<> reads(const Config& config, std::string text, int& to) {
  co_await net::sleep(1);
  to = config.answer + static_cast<int>(text.size());
}

}  // namespace

TEST_CASE("S34.2: a task that takes views is awaited in place, and not spawned") {
  std::string text;
  int count = 0, answer = 0;
  const Config config;
  tests::run_task([&]() -> net::Task<> {
    co_await shows(std::string("in place"), text);
    co_await net::all(counts(std::vector<int>(3), count), net::sleep(1));
    net::TaskGroup group;
    CHECK(code_of([&] { net::spawn(shows(std::string("gone"), text)); }) == net::Errc::ERR_INVALID_STATE);
    CHECK(code_of([&] { group.spawn(counts(std::vector<int>(1), count)); }) == net::Errc::ERR_INVALID_STATE);
    group.spawn(reads(config, "text", answer));
    co_await group.join();
  });
  CHECK((text == "in place" && count == 3 && answer == 46));
}

TEST_CASE("S34.2: a listener that is a task and takes a view has the error leave run()") {
  net::Socket socket;
  socket.on<"error">([](const net::Error& error) -> net::Task<> {
    co_await net::sleep(1);
    FAIL(error.what());
  });
  socket.destroy("broken");
  CHECK(code_of([] { net::run(); }) == net::Errc::ERR_INVALID_STATE);
  int heard = 0;
  net::Socket other;
  other.on<"error">([&](net::Error error) -> net::Task<> {
    co_await net::sleep(1);
    heard += std::string(error.what()) == "broken";
  });
  other.destroy("broken");
  net::run();
  CHECK(heard == 1);
}
