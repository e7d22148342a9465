#include <net/detail/io/acceptor.hpp>

#include <doctest/doctest.h>

#include "tests/support/least_machine.hpp"

using namespace net::detail;

namespace {

struct ListensSilently : least_acceptor {
  void listen(const Endpoint&, const ListenFlags&) {}
};
struct NoClose : least_acceptor {
  void close() = delete;
};
struct OpenOfNoConst : least_acceptor {
  bool is_open() { return false; }
};

}  // namespace

TEST_CASE("an acceptor listens, accepts, closes and says where it is; what lacks one of these is none") {
  static_assert(Acceptor<least_acceptor, least_channel>);
  static_assert(!Acceptor<ListensSilently, least_channel> && !Acceptor<NoClose, least_channel>);
  static_assert(!Acceptor<OpenOfNoConst, least_channel> && !Acceptor<Watcher, least_channel>);
  static_assert(!Acceptor<least_acceptor, int>);
}

TEST_CASE("a client that has gone before it was accepted is nobody, whatever the system calls it; other failures are some") {
  static_assert(means_nobody(would_block) && means_nobody(-EINTR));
  static_assert(means_nobody(-ECONNABORTED) && means_nobody(-ECONNRESET));
  static_assert(!means_nobody(0) && !means_nobody(-EMFILE) && !means_nobody(-EBADF) && !means_nobody(-ENOMEM));
}
