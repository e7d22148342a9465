// The bodies of messages.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_MESSAGES_IPP
#define NET_DETAIL_SYS_WINDOWS_MESSAGES_IPP

#include <net/detail/sys/windows/messages.hpp>

#if NET_BODIES

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <net/detail/base/atomic.hpp>
#include <net/detail/sys/windows/errors.hpp>
#include <net/detail/sys/windows/thread.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int make_pair(NativeHandle (&ends)[2]) noexcept {
  static constinit Atomic<unsigned> count{0};
  int failed = 0;
  for (int tries = 0; tries < 10; ++tries) {  // somebody who guesses the name only makes it another one
    char text[96];
    const int size = std::snprintf(text, sizeof text, R"(\\.\pipe\net.hpp-%lu-%u-%llx)", win::GetCurrentProcessId(),
                                   count.fetch_add(1), static_cast<unsigned long long>(now_ns()));
    PipeName name;
    if ((failed = name.set({text, static_cast<std::size_t>(size)})) < 0) return failed;
    const win::Handle served = make_pipe(name, {}, true, failed);
    if (!served) continue;
    const win::Handle opened = open_pipe(name, failed);
    if (opened) {
      ends[0] = reinterpret_cast<NativeHandle>(served);
      ends[1] = reinterpret_cast<NativeHandle>(opened);
      return 0;
    }
    win::CloseHandle(served);
  }
  return failed;
}

inline bool is_stream(NativeHandle handle) noexcept {
  int type = 0, size = sizeof type;
  return win::getsockopt(socket_of(handle), win::level_socket, win::option_type, win::as<char>(&type), &size) == 0 &&
         type == win::type_stream;
}

NET_API int write_ticket(NativeHandle passed, std::uint32_t process, char* into) noexcept {
  if (!is_stream(passed)) return -ENOTSUP;
  win::ProtocolInfo info{};
  static_assert(sizeof info == ticket_size);
  if (win::WSADuplicateSocketW(socket_of(passed), process, win::as<::_WSAPROTOCOL_INFOW>(&info)) != 0) {
    return last_socket_error();
  }
  std::memcpy(into, &info, sizeof info);
  return 0;
}

NET_API int open_ticket(const char* from, NativeHandle& opened) noexcept {
  if (const int failed = start_winsock(); failed < 0) return failed;
  win::ProtocolInfo info;
  std::memcpy(&info, from, sizeof info);
  constexpr int as_it_says = -1;
  const win::Socket same = win::WSASocketW(as_it_says, as_it_says, as_it_says, win::as<::_WSAPROTOCOL_INFOW>(&info), 0,
                                           win::socket_overlapped | win::socket_not_inherited);
  if (same == win::no_socket) {
    const int failed = last_socket_error();
    return failed == -EMFILE || short_of_memory(failed) ? failed : -EPROTO;
  }
  if (!is_stream(static_cast<NativeHandle>(same))) return -EPROTO;
  opened = static_cast<NativeHandle>(same);
  return 0;
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif
