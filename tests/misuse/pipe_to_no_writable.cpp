// A destination of pipe() that lacks something: the message says what one needs.
// expect: pipe() takes a net::Writable
// expect: writableNeedDrain()
#include <net.hpp>

struct Sink : net::Emitter<Sink> {
  using Events = net::detail::EventTable<net::detail::Event<"drain">, net::detail::Event<"finish">,
                                         net::detail::Event<"close">, net::detail::Event<"error", const net::Error>>;
  bool write(net::Chunk) { return true; }
  void end() {}
#if !defined(MISUSE)
  bool writableNeedDrain() const { return false; }
#endif

  template <net::fixed_string Name>
  static constexpr void check_event() {}
  net::detail::Listeners& events() const { return *listeners; }
  net::detail::Listeners* listeners = nullptr;
};
static_assert(net::Writable<net::Socket>);

void use();
void use() {
  const net::Socket socket;
  net::detail::Listeners listeners;
  Sink sink;
  sink.listeners = &listeners;
  socket.pipe(sink);
}
