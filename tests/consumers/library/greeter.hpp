#pragma once
#include <net.hpp>

net::Server greeter(net::Loop& loop);
