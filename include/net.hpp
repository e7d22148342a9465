// net.hpp: Node.js's `net` module for C++20.
#ifndef NET_HPP
#define NET_HPP

#define NET_VERSION_MAJOR 0
#define NET_VERSION_MINOR 1
#define NET_VERSION_PATCH 0

#include <net/detail/fixed_string.hpp>
#include <net/detail/function.hpp>
#include <net/error.hpp>

#endif
