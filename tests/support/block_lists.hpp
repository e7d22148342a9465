// What the tests of block lists share: short names.
#ifndef NET_TESTS_BLOCK_LISTS_HPP
#define NET_TESTS_BLOCK_LISTS_HPP

#include <net/block_list.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/error_of.hpp"

namespace tests {

using net::BlockList;
using net::Errc;
using net::Family;
using net::SocketAddress;
using Rules = std::vector<std::string>;

inline SocketAddress at(std::string_view address) { return SocketAddress({.address = address}); }

}  // namespace tests

#endif
