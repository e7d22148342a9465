#include <net/detail/sys/windows/processes.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

#include <cerrno>

using namespace net::detail;

TEST_CASE("S33.5: no program is started there yet") {
  net::detail::Program program;
  CHECK(os::own_program(program) == -ENOTSUP);
  std::int64_t id = 0;
  CHECK(os::start_program(program, -1, id) == -ENOTSUP);
  CHECK(os::process_id() > 0);
}

#endif
