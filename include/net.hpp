// net.hpp: Node.js's `net` module for C++20.
#ifndef NET_HPP
#define NET_HPP

/// The version of the library, as numbers, for `#if`.
#define NET_VERSION_MAJOR 0
#define NET_VERSION_MINOR 1
#define NET_VERSION_PATCH 0

#include <net/detail/base/abi.hpp>
// after what says which C++ this is

// First what compilers complain in: each file on the way to it is a line above the message.
#include <net/detail/base/function.hpp>

#include <net/emitter.hpp>

#include <net/detail/stream/payload.hpp>

#include <net/socket.hpp>

#include <net/acceptor.hpp>
#include <net/block_list.hpp>
#include <net/connect.hpp>
#include <net/error.hpp>
#include <net/file.hpp>
#include <net/ip.hpp>
#include <net/loop.hpp>
#include <net/pipeline.hpp>
#include <net/promise.hpp>
#include <net/reader.hpp>
#include <net/server.hpp>
#include <net/socket_address.hpp>
#include <net/task.hpp>
#include <net/task_group.hpp>
#include <net/worker_pool.hpp>

#endif

// Behind the guard, for whoever has included it before.
#if defined(NET_IMPLEMENTATION) && !defined(NET_SEPARATE)
#error "NET_IMPLEMENTATION needs NET_SEPARATE, in all files of the program"
#elif defined(NET_IMPLEMENTATION) && defined(NET_BODIES) && !NET_BODIES
#error "define NET_IMPLEMENTATION before the first include of net.hpp, which may be that of a precompiled header"
#endif
