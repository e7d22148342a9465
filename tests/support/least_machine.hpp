// A machine that has exactly what the contracts name, and nothing else; it does nothing. Each member of it stands on a
// line of its own: tools/check_contract.py makes the compiler say which of them the library uses, and it must use each.
#ifndef NET_TESTS_LEAST_MACHINE_HPP
#define NET_TESTS_LEAST_MACHINE_HPP

#include <net/detail/io/machine.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// clang-format off: one member a line
#define NET_MACHINE least

namespace net::detail::inline least {

struct least_poller {
  Refusal open() { return {}; }
  void shut() {}
  int watch(Watcher&, unsigned) { return 0; }
  void drop(Watcher&) {}
  bool hold(Watcher&) { return true; }
  bool has(NativeHandle) { return false; }
  template <class Each> void wait(int, Each&&) {}
  void wake() {}
  NativeHandle native() const { return no_handle; }
};

struct least_channel : Watcher {
  int open(Family) { return 0; }
  void take_over(least_channel&) {}
  bool adopt_connected(NativeHandle) { return false; }
  int bind(const Endpoint&) { return 0; }
  int start_connect(const Endpoint&) { return 0; }
  int start_connect_path(std::string_view) { return 0; }
  int finish_connect() { return 0; }
  ReadResult read(char* into, std::size_t) { return {0, into}; }
  std::ptrdiff_t write(const IoSlice*, std::size_t) { return 0; }
  int shutdown_write() { return 0; }
  int reset_on_close() { return 0; }
  void close() {}
  NativeHandle release() { return no_handle; }
  std::string_view unread() { return {}; }
  bool is_open() const { return false; }
  NativeHandle native() const { return no_handle; }
  bool is_unconnected() const { return false; }
  Endpoint local_end() const { return {}; }
  Endpoint remote_end() const { return {}; }
  int set_no_delay(bool) { return 0; }
  int set_keep_alive(bool, int) { return 0; }
  int set_type_of_service(int) { return 0; }
  int get_type_of_service() const { return 0; }
};

struct least_acceptor : Watcher {
  int listen(const Endpoint&, const ListenFlags&) { return 0; }
  int listen_path(std::string_view, const PathMode&, int, bool*) { return 0; }
  int listen_descriptor(NativeHandle, int) { return 0; }
  int listen_beside(const least_acceptor&, int) { return 0; }
  int accept(least_channel&) { return would_block; }
  void close() {}
  void release() {}
  int set_no_delay(bool) { return 0; }
  bool has_reserve() const { return true; }
  bool is_open() const { return false; }
  NativeHandle native() const { return no_handle; }
  Endpoint local_end() const { return {}; }
};

struct least_mutex {
  void lock() {}
  void unlock() {}
};

struct least_condition {
  void wait(least_mutex&) {}
  bool wait_ms(least_mutex&, int) { return false; }
  void wake_one() {}
  void wake_all() {}
};

struct least_thread {
  bool start(void (*)(void*), void*) { return false; }
  void join() {}
};

struct least_waker {
  NativeHandle descriptor() const { return no_handle; }
  void drain() {}
  void close() {}
};

struct least_signal_waker {
  least_waker waker;
  int signo = 0;
};

struct Machine {
  using Poller = least_poller;
  using Channel = least_channel;
  using Acceptor = least_acceptor;
  using Mutex = least_mutex;
  using Condition = least_condition;
  using Thread = least_thread;
  using SignalWaker = least_signal_waker;
  static std::uint64_t now_ns() { return 0; }
  static bool start_thread(void (*)(void*), void*) { return false; }
  static std::size_t processors() { return 1; }
  static std::uint32_t fork_count() { return 0; }
  static void at_fork(void (*)(), void (*)(), void (*)()) {}
  static void count_in_resolver(int) {}
  static Errc look_up(const std::string&, Family, int, Vec<Endpoint>&) { return Errc::ERR_LOOKUP_NOT_FOUND; }
  static int address_config_hint() { return 0; }
  static int known_hints() { return 0; }
  static std::uint32_t interface_index(std::string_view) { return 0; }
  static std::string interface_name(std::uint32_t) { return {}; }
  static DescriptorKind kind_of(NativeHandle) { return DescriptorKind::unknown; }
  static int prepare(NativeHandle) { return 0; }
  static int open_file(const std::string&, const FileAccess&, NativeHandle&) { return -ENOSYS; }
  static std::ptrdiff_t read_file(NativeHandle, char*, std::size_t) { return 0; }
  static std::ptrdiff_t write_file(NativeHandle, const char*, std::size_t) { return 0; }
  static int close_file(NativeHandle) { return 0; }
  static int make_pair(NativeHandle (&)[2]) { return -ENOSYS; }
  static std::ptrdiff_t send_with(Channel&, const IoSlice*, std::size_t, NativeHandle) { return would_block; }
  static ReadResult receive_with(Channel&, char* into, std::size_t, CameDescriptors&) { return {would_block, into}; }
  static constexpr std::size_t ticket_size = 4;
  static std::uint32_t ticket_number() { return 1; }
  static int write_ticket(NativeHandle, std::uint32_t, char*) { return -ENOTSUP; }
  static int open_ticket(const char*, NativeHandle&) { return -ENOTSUP; }
  static bool is_slow_path(const std::string&) { return false; }
  static bool is_slow_file(NativeHandle) { return false; }
  static std::ptrdiff_t write_slow_file(NativeHandle, const char*, std::size_t) { return -EAGAIN; }
  static void remove_path(std::string_view) {}
  static int listen_to_signal(least_signal_waker&) { return -ENOSYS; }
  static void forget_signal(least_signal_waker&) {}
};

}  // namespace net::detail::inline least
// clang-format on

#include <net.hpp>
#include <net/ipc_channel.hpp>

#endif
