#include <net/detail/io/channel.hpp>

#include <doctest/doctest.h>

#include <cerrno>

namespace {

using net::NativeHandle;
using net::detail::Endpoint;
using net::detail::IoSlice;
using net::detail::Watcher;

/// The least that is a channel, and what each of its parts is needed for.
struct Least : Watcher {
  int open(net::Family) { return 0; }
  int bind(const Endpoint&) { return 0; }
  int start_connect(const Endpoint&) { return 0; }
  int start_connect_path(std::string_view) { return 0; }
  int finish_connect() { return 0; }
  std::ptrdiff_t try_read(void*, std::size_t) { return 0; }
  std::ptrdiff_t try_write(const IoSlice*, std::size_t) { return 0; }
  int shutdown_write() { return 0; }
  int reset_on_close() { return 0; }
  void close() {}
  NativeHandle release() { return net::detail::no_handle; }
  bool is_open() const { return false; }
  Endpoint local_end() const { return {}; }
  Endpoint remote_end() const { return {}; }
  int set_no_delay(bool) { return 0; }
  int set_keep_alive(bool, int) { return 0; }
};

struct NoReset : Least {
  int reset_on_close() = delete;
};
struct WritesSilently : Least {
  void try_write(const IoSlice*, std::size_t) {}
};

}  // namespace

TEST_CASE("a channel opens, connects, moves bytes and closes; what lacks one of these is none") {
  using net::detail::Channel;
  static_assert(Channel<Least>);
  static_assert(!Channel<NoReset> && !Channel<WritesSilently> && !Channel<int>);
}

TEST_CASE("S32.2: a full buffer and a lack of memory mean later, other failures do not") {
  using namespace net::detail;
  static_assert(means_later(would_block) && !short_of_memory(would_block));
  static_assert(short_of_memory(-ENOBUFS) && short_of_memory(-ENOMEM) && means_later(-ENOMEM));
  static_assert(!means_later(0) && !means_later(1) && !means_later(-EPIPE) && !means_later(-ECONNRESET));
}
