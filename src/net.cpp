// Everything of the library that is no template, compiled once: for programs that define NET_SEPARATE.
#if !defined(NET_SEPARATE)
#error "src/net.cpp is for programs that define NET_SEPARATE in all of their files"
#endif
#define NET_IMPLEMENTATION
#include <net.hpp>
#include <net/cluster.hpp>
#include <net/ipc_channel.hpp>
