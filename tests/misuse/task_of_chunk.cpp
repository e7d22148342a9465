// A listener that is a task and takes a view of what came.
// first: take it by value
// expect: a std::string for a net::Chunk
#include <net.hpp>

#if defined(MISUSE)
using Parameter = net::Chunk;
#else
using Parameter = std::string;
#endif

net::Task<> log(Parameter text);
net::Task<> log(Parameter text) { co_await net::sleep(static_cast<double>(text.size())); }
