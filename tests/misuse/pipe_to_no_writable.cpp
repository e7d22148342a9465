// A destination of pipe() that lacks something: the message says what one needs.
// first: pipe() takes a net::Writable
// expect: pipe() takes a net::Writable
// expect: writableNeedDrain()
#include <net.hpp>

#include <cstddef>

struct Sink {
  bool write(net::Chunk) { return true; }
  void end() {}
#if !defined(MISUSE)
  bool writableNeedDrain() const { return false; }
#endif

  template <net::fixed_string Name, class F>
  int addListener(F&&) const {
    return 0;
  }
  void off(int) const {}
  template <net::fixed_string Name>
  std::size_t listenerCount() const {
    return 1;
  }
  bool operator==(const Sink&) const = default;
};
static_assert(net::Writable<net::Socket>);

void use();
void use() {
  const net::Socket socket;
  const Sink sink;
  socket.pipe(sink);
}
