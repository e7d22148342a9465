#include <net/detail/sys/processes.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace net::detail;

TEST_CASE("this process has a number, and a variable that is not there is not taken") {
  CHECK(Processes::process_id() > 0);
  std::string value = "as it was";
  CHECK_FALSE(Processes::take_variable("NET_TEST_NO_SUCH_VARIABLE", value));
  CHECK(value == "as it was");
}
