// The other half of two_files_a.cpp: this one includes the separate headers, and may be told to include
// the single one on top of them.
#include <net.hpp>

#if defined(ALSO)
#include ALSO
#endif

std::string said_by_b();
const std::error_category* category_of_b();

std::string said_by_b() { return net::Error(net::Errc::ERR_SOCKET_CLOSED).what(); }
const std::error_category* category_of_b() { return &net::error_category(); }

void never_called_by_a();
void never_called_by_a() {
  net::createServer([](net::Socket socket) { socket.destroy(); }).listen(0);
  net::run();
}
