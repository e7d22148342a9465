#include <net/detail/sys/windows/messages.hpp>

#if defined(_WIN32)

#include <doctest/doctest.h>

using namespace net::detail;
using net::NativeHandle;

TEST_CASE("descriptors do not travel yet, and whoever tries is told") {
  CHECK_FALSE(os::passes_descriptors());
  NativeHandle ends[2] = {};
  CHECK(os::make_pair(ends) == -ENOTSUP);
  CameDescriptors came;
  char byte = 0;
  CHECK(os::receive_with(no_handle, &byte, 1, came) == -ENOTSUP);
  const IoSlice slice{&byte, 1};
  CHECK(os::send_with(no_handle, &slice, 1, no_handle) == -ENOTSUP);
  CHECK_FALSE(came.any());
}

#endif
