#include <net/detail/io/native_handle.hpp>

#include <doctest/doctest.h>

TEST_CASE("no handle of a system is the one that stands for none") {
  static_assert(net::detail::no_handle != net::NativeHandle{});
  static_assert(net::detail::no_handle < 0, "a descriptor is not negative");
}
