// The one file with the bodies, as users of one-file libraries know it.
#define NET_IMPLEMENTATION
#include <net.hpp>
