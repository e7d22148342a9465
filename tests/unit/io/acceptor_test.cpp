#include <net/detail/io/acceptor.hpp>

#include <doctest/doctest.h>

namespace {

using net::NativeHandle;
using net::detail::Endpoint;
using net::detail::ListenFlags;
using net::detail::Watcher;

/// The least that is an acceptor, and what each of its parts is needed for.
struct Least : Watcher {
  int listen(const Endpoint&, const ListenFlags&) { return 0; }
  NativeHandle try_accept() { return net::detail::no_handle; }
  void close() {}
  bool is_open() const { return false; }
  Endpoint local_end() const { return {}; }
};

struct ListensSilently : Least {
  void listen(const Endpoint&, const ListenFlags&) {}
};
struct NoClose : Least {
  void close() = delete;
};
struct OpenOfNoConst : Least {
  bool is_open() { return false; }
};

}  // namespace

TEST_CASE("an acceptor listens, accepts, closes and says where it is; what lacks one of these is none") {
  using net::detail::Acceptor;
  static_assert(Acceptor<Least>);
  static_assert(!Acceptor<ListensSilently> && !Acceptor<NoClose> && !Acceptor<OpenOfNoConst>);
  static_assert(!Acceptor<int> && !Acceptor<Watcher>);
}
