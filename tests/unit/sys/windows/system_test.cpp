#include <net/detail/sys/windows/system.hpp>

#if defined(_WIN32)

#if defined(CreateFile) || defined(min) || defined(ERROR) || defined(IN) || defined(AF_INET)
#error "a macro of Windows has come out"
#endif

// the whole of it, as a program may include it, before or after
#undef NOMINMAX
#include <winsock2.h>
#include <ws2tcpip.h>

#include <windows.h>
#include <winternl.h>

#include <doctest/doctest.h>

using namespace net::detail;

TEST_CASE("what is declared of Windows lies in memory as Windows' own") {
  static_assert(sizeof(win::Overlapped) == sizeof(OVERLAPPED) &&
                offsetof(win::Overlapped, event) == offsetof(OVERLAPPED, hEvent));
  static_assert(sizeof(win::Completed) == sizeof(OVERLAPPED_ENTRY) &&
                offsetof(win::Completed, size) == offsetof(OVERLAPPED_ENTRY, dwNumberOfBytesTransferred));
  static_assert(sizeof(win::SecurityAttributes) == sizeof(SECURITY_ATTRIBUTES));
  static_assert(sizeof(win::Piece) == sizeof(WSABUF) && offsetof(win::Piece, data) == offsetof(WSABUF, buf));
  static_assert(sizeof(win::Ip4) == sizeof(sockaddr_in) &&
                offsetof(win::Ip4, address) == offsetof(sockaddr_in, sin_addr));
  static_assert(sizeof(win::Ip6) == sizeof(sockaddr_in6) &&
                offsetof(win::Ip6, address) == offsetof(sockaddr_in6, sin6_addr) &&
                offsetof(win::Ip6, scope) == offsetof(sockaddr_in6, sin6_scope_id));
  static_assert(sizeof(win::AddressInfo) == sizeof(ADDRINFOW) &&
                offsetof(win::AddressInfo, address) == offsetof(ADDRINFOW, ai_addr) &&
                offsetof(win::AddressInfo, next) == offsetof(ADDRINFOW, ai_next));
  static_assert(sizeof(win::PolledSocket) == sizeof(WSAPOLLFD) && sizeof(win::Linger) == sizeof(linger));
  static_assert(sizeof(win::UnicodeString) == sizeof(UNICODE_STRING) &&
                sizeof(win::ObjectAttributes) == sizeof(OBJECT_ATTRIBUTES) &&
                sizeof(win::StatusBlock) == sizeof(IO_STATUS_BLOCK));
  static_assert(sizeof(void*) == sizeof(SRWLOCK) && sizeof(void*) == sizeof(CONDITION_VARIABLE));
  static_assert(sizeof(win::ProtocolInfo) == sizeof(WSAPROTOCOL_INFOW) &&
                offsetof(win::ProtocolInfo, name) == offsetof(WSAPROTOCOL_INFOW, szProtocol));
  CHECK(win::no_file() == INVALID_HANDLE_VALUE);
}

TEST_CASE("the constants are those of Windows") {
  static_assert(win::family_ip4 == AF_INET && win::family_ip6 == AF_INET6 && win::level_socket == SOL_SOCKET);
  static_assert(win::option_only_ip6 == IPV6_V6ONLY && win::option_linger == SO_LINGER &&
                win::option_keep_alive == SO_KEEPALIVE && win::option_error == SO_ERROR &&
                win::option_type == SO_TYPE && win::option_listens == SO_ACCEPTCONN);
  static_assert(win::control_non_blocking == static_cast<long>(FIONBIO) && win::no_socket == INVALID_SOCKET);
  static_assert(win::flag_first_instance == FILE_FLAG_FIRST_PIPE_INSTANCE &&
                win::flag_overlapped == FILE_FLAG_OVERLAPPED);
  static_assert(win::flag_security_identification == (SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION));
  static_assert(win::pipe_no_remote == PIPE_REJECT_REMOTE_CLIENTS && win::any_instances == PIPE_UNLIMITED_INSTANCES);
  static_assert(win::poll_error == POLLERR && win::utf8 == CP_UTF8 && win::invalid_characters == MB_ERR_INVALID_CHARS);
  CHECK(win::type_pipe == FILE_TYPE_PIPE);
}

#endif
