// The bodies of calls.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_CALLS_IPP
#define NET_DETAIL_SYS_WINDOWS_CALLS_IPP

#include <net/detail/sys/windows/calls.hpp>

#if NET_BODIES

#include <cerrno>

#include <net/detail/sys/windows/errors.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int start_winsock() noexcept {
  // never ended: the process's end does it, and a socket may outlive whoever opened it
  static const int failed = [] {
    alignas(std::max_align_t) unsigned char data[1024];
    return win::WSAStartup(0x0202, win::as<::WSAData>(&data[0]));
  }();
  return failed == 0 ? 0 : -errno_of(static_cast<win::Word>(failed));
}

NET_API bool to_wide(std::string_view text, wchar_t* into, std::size_t capacity) noexcept {
  if (text.find('\0') != std::string_view::npos || text.size() > 0xffff) return false;
  int length = 0;
  if (!text.empty()) {
    length = win::MultiByteToWideChar(win::utf8, win::invalid_characters, text.data(), static_cast<int>(text.size()),
                                      into, static_cast<int>(capacity) - 1);
    if (length <= 0) return false;
  }
  into[length] = L'\0';
  return true;
}

NET_API void close_socket(NativeHandle fd) noexcept { win::closesocket(socket_of(fd)); }

NET_API int prepare(NativeHandle fd) noexcept {
  win::SetHandleInformation(handle_of(fd), win::handle_inherit, 0);
  if (kind_of(fd) == DescriptorKind::local) return 0;  // an overlapped pipe never blocks
  win::Word on = 1;
  return win::ioctlsocket(socket_of(fd), win::control_non_blocking, &on) == 0 ? 0 : last_socket_error();
}

NET_API NativeHandle open_socket(Family family) noexcept {
  if (const int failed = start_winsock(); failed < 0) return failed;
  const int domain = family == Family::IPv6 ? win::family_ip6 : win::family_ip4;
  const win::Socket opened = win::WSASocketW(domain, win::type_stream, win::protocol_tcp, nullptr, 0,
                                             win::socket_overlapped | win::socket_not_inherited);
  if (opened == win::no_socket) return last_socket_error();
  const auto fd = static_cast<NativeHandle>(opened);
  win::Word on = 1;
  if (win::ioctlsocket(opened, win::control_non_blocking, &on) == 0) return fd;
  const int failed = last_socket_error();
  close_socket(fd);
  return failed;
}

NET_API NativeHandle accept_from(NativeHandle fd) noexcept {
  const win::Socket accepted = win::accept(socket_of(fd), nullptr, nullptr);
  if (accepted == win::no_socket) return last_socket_error();
  const auto taken = static_cast<NativeHandle>(accepted);
  win::SetHandleInformation(handle_of(taken), win::handle_inherit, 0);
  win::Word on = 1;
  win::ioctlsocket(accepted, win::control_non_blocking, &on);
  return taken;
}

NET_API NativeHandle duplicate(NativeHandle fd) noexcept {
  alignas(std::max_align_t) unsigned char buffer[1024];
  auto* const protocol = win::as<::_WSAPROTOCOL_INFOW>(&buffer[0]);
  if (win::WSADuplicateSocketW(socket_of(fd), win::GetCurrentProcessId(), protocol) != 0) return last_socket_error();
  constexpr int as_it_says = -1;
  const win::Socket same = win::WSASocketW(as_it_says, as_it_says, as_it_says, protocol, 0,
                                           win::socket_overlapped | win::socket_not_inherited);
  return same == win::no_socket ? last_socket_error() : static_cast<NativeHandle>(same);
}

NET_API std::ptrdiff_t receive(NativeHandle fd, char* into, std::size_t size) noexcept {
  const int got = win::recv(socket_of(fd), into, static_cast<int>(size < max_at_once ? size : max_at_once), 0);
  if (got > 0) return got;
  if (got < 0) return last_socket_error();
  if (size == 0) return 0;
  // Wine forgets a reset and says that it was the end; what it still knows is that there was an error
  win::PolledSocket polled{socket_of(fd), 0, 0};
  const bool reset = win::WSAPoll(win::as<::pollfd>(&polled), 1, 0) > 0 && (polled.happened & win::poll_error) != 0;
  return reset ? -ECONNRESET : 0;
}

NET_API std::ptrdiff_t send_slices(NativeHandle fd, const IoSlice* slices, std::size_t count) noexcept {
  if (count == 1) {
    const std::size_t size = slices->size < max_at_once ? slices->size : max_at_once;
    const int sent = win::send(socket_of(fd), slices->data, static_cast<int>(size), 0);
    return sent >= 0 ? sent : last_socket_error();
  }
  win::Piece pieces[max_slices];
  if (count > max_slices) count = max_slices;
  std::size_t total = 0, used = 0;
  for (; used < count && total < max_at_once; ++used) {
    const std::size_t left = max_at_once - total;
    const std::size_t size = slices[used].size < left ? slices[used].size : left;
    pieces[used] = {static_cast<win::Word>(size), const_cast<char*>(slices[used].data)};
    total += size;
  }
  win::Word sent = 0;
  const int failed = win::WSASend(socket_of(fd), win::as<::_WSABUF>(&pieces[0]), static_cast<win::Word>(used), &sent, 0,
                                  nullptr, nullptr);
  return failed == 0 ? static_cast<std::ptrdiff_t>(sent) : last_socket_error();
}

NET_API int shutdown_write(NativeHandle fd) noexcept {
  return win::shutdown(socket_of(fd), 1) == 0 ? 0 : last_socket_error();
}

NET_API int pending_error(NativeHandle fd) noexcept {
  int error = 0, size = sizeof error;
  if (win::getsockopt(socket_of(fd), win::level_socket, win::option_error, win::as<char>(&error), &size) != 0) {
    return -last_socket_error();
  }
  return error == 0 ? 0 : errno_of(static_cast<win::Word>(error));
}

NET_API bool listens(NativeHandle fd) noexcept {
  int on = 0, size = sizeof on;
  const int failed = win::getsockopt(socket_of(fd), win::level_socket, win::option_listens, win::as<char>(&on), &size);
  return failed == 0 && on != 0;
}

NET_API DescriptorKind kind_of(NativeHandle fd) noexcept {
  if (fd < 0 || start_winsock() < 0) return DescriptorKind::unknown;
  int type = 0, size = sizeof type;
  if (win::getsockopt(socket_of(fd), win::level_socket, win::option_type, win::as<char>(&type), &size) == 0) {
    return type == win::type_stream     ? DescriptorKind::tcp
           : type == win::type_datagram ? DescriptorKind::datagram
                                        : DescriptorKind::unknown;
  }
  switch (win::GetFileType(handle_of(fd))) {
    case win::type_pipe: return DescriptorKind::local;
    case win::type_char: {  // a console, or NUL, as libuv guesses
      win::Word mode = 0;
      return win::GetConsoleMode(handle_of(fd), &mode) != 0 ? DescriptorKind::terminal : DescriptorKind::file;
    }
    case win::type_disk: return DescriptorKind::file;
    default: return DescriptorKind::unknown;
  }
}

NET_API int set_flag(NativeHandle fd, int level, int name, int value) noexcept {
  return win::setsockopt(socket_of(fd), level, name, win::as<const char>(&value), sizeof value) == 0
             ? 0
             : last_socket_error();
}

NET_API int reset_on_close(NativeHandle fd) noexcept {
  const win::Linger now{1, 0};
  return win::setsockopt(socket_of(fd), win::level_socket, win::option_linger, win::as<const char>(&now), sizeof now) ==
                 0
             ? 0
             : last_socket_error();
}

NET_API int set_keep_alive(NativeHandle fd, bool on, int delay_seconds) noexcept {
  if (const int failed = set_flag(fd, win::level_socket, win::option_keep_alive, on); failed < 0) return failed;
  if (!on || delay_seconds < 1) return 0;
  constexpr int longest = 0x7fffffff / 1000;
  if (delay_seconds > longest) delay_seconds = longest;
  win::KeepAlive times{1, static_cast<win::Word>(delay_seconds) * 1000, 1000};
  win::Word size = 0;
  const int failed =
      win::WSAIoctl(socket_of(fd), win::control_keep_alive, &times, sizeof times, nullptr, 0, &size, nullptr, nullptr);
  return failed == 0 ? 0 : last_socket_error();
}

NET_API int set_type_of_service(NativeHandle fd, Family family, int value) noexcept {
  const bool six = family == Family::IPv6;
  (void)set_flag(fd, six ? win::level_ip6 : win::level_ip,
                 six ? win::option_traffic_class : win::option_type_of_service, value);
  return 0;
}

NET_API int get_type_of_service(NativeHandle fd, Family family) noexcept {
  const bool six = family == Family::IPv6;
  int value = 0, size = sizeof value;
  const int failed =
      win::getsockopt(socket_of(fd), six ? win::level_ip6 : win::level_ip,
                      six ? win::option_traffic_class : win::option_type_of_service, win::as<char>(&value), &size);
  return failed == 0 ? value : 0;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif
