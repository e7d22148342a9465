// net.hpp: Node.js's `net` module for C++20.
#ifndef NET_HPP
#define NET_HPP

#include <net/error.hpp>

#endif
