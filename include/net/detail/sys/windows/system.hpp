// What this library calls of Windows, declared by itself: <windows.h> brings 19,000 macros, and this none. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_SYSTEM_HPP
#define NET_DETAIL_SYS_WINDOWS_SYSTEM_HPP

#include <cstddef>
#include <cstdint>

#include <net/detail/base/abi.hpp>

#if defined(_WIN32)

#if defined(_MSC_VER)
#pragma comment(lib, "ws2_32")
#pragma comment(lib, "advapi32")
#endif

// The tags of the Windows headers: a program may include those too, before this or after it.
struct _OVERLAPPED;
struct _OVERLAPPED_ENTRY;
struct _SECURITY_ATTRIBUTES;
struct _RTL_SRWLOCK;
struct _RTL_CONDITION_VARIABLE;
struct _WSABUF;
struct _WSAPROTOCOL_INFOW;
struct WSAData;
struct addrinfoW;
struct pollfd;
struct sockaddr;
struct _STARTUPINFOW;
struct _PROCESS_INFORMATION;
struct _PROC_THREAD_ATTRIBUTE_LIST;
union _LARGE_INTEGER;
struct HINSTANCE__;

namespace net::inline NET_ABI::detail::win {

using Handle = void*;
using Socket = std::uintptr_t;
using Word = unsigned long;
using Procedure = std::intptr_t(__stdcall*)();
#if defined(_WIN64)
using Size = unsigned long long;  // as wide as a pointer, but not always the type of that name
#else
using Size = unsigned long;
#endif
using WaitCallback = void(__stdcall*)(void*, unsigned char);
using Completion = void(__stdcall*)(Word, Word, ::_OVERLAPPED*, Word);

// ── what the calls are given: the structures that those tags stand for, as they lie in memory ──

struct Overlapped {
  std::uintptr_t status;  // an NTSTATUS, once it is done
  std::uintptr_t size;
  Word offset, offset_high;
  Handle event;
};

struct Completed {  // OVERLAPPED_ENTRY
  std::uintptr_t key;
  Overlapped* operation;
  std::uintptr_t status;
  Word size;
};

struct SecurityAttributes {
  Word size;
  void* descriptor;
  int inherits;
};

struct Piece {  // WSABUF
  Word size;
  char* data;
};

struct Ip4 {  // sockaddr_in
  std::uint16_t family, port;
  unsigned char address[4], zero[8];
};

struct Ip6 {  // sockaddr_in6
  std::uint16_t family, port;
  std::uint32_t flow;
  unsigned char address[16];
  std::uint32_t scope;
};

struct AddressInfo {  // ADDRINFOW
  int flags, family, type, protocol;
  std::size_t size;
  wchar_t* name;
  ::sockaddr* address;
  AddressInfo* next;
};

struct PolledSocket {  // WSAPOLLFD
  Socket socket;
  short asked, happened;
};

struct KeepAlive {  // tcp_keepalive
  Word on, idle, interval;
};

struct Linger {
  std::uint16_t on, seconds;
};

struct UnicodeString {
  std::uint16_t size, capacity;
  const wchar_t* text;
};

struct ObjectAttributes {
  Word size;
  Handle root;
  const UnicodeString* name;
  Word attributes;
  void* security;
  void* quality;
};

struct StatusBlock {
  std::uintptr_t status, information;
};

struct ProtocolInfo {  // WSAPROTOCOL_INFOW: who looks at it is Winsock
  Word numbers[29];
  wchar_t name[256];
};

struct StartupInfo {  // STARTUPINFOEXW
  Word size;
  wchar_t *reserved, *desktop, *title;
  Word where[7], flags;
  std::uint16_t show, more_size;
  unsigned char* more;
  Handle input, output, error;
  ::_PROC_THREAD_ATTRIBUTE_LIST* attributes;
};

struct ProcessInfo {  // PROCESS_INFORMATION
  Handle process, thread;
  Word process_id, thread_id;
};

struct AfdPoll {  // AFD_POLL_INFO, for one socket
  std::int64_t timeout;
  Word count, exclusive;
  Handle socket;
  Word events;
  std::int32_t status;
};

// ── constants; none has the name of a macro ──

inline constexpr int family_ip4 = 2, family_ip6 = 23, type_stream = 1, type_datagram = 2, protocol_tcp = 6;
inline constexpr int level_socket = 0xffff, level_ip = 0, level_ip6 = 41;
inline constexpr int option_linger = 0x80, option_keep_alive = 8, option_error = 0x1007, option_type = 0x1008,
                     option_listens = 2;
inline constexpr int option_no_delay = 1, option_only_ip6 = 27, option_type_of_service = 3, option_traffic_class = 39;
inline constexpr Word socket_overlapped = 1, socket_not_inherited = 0x80;
inline constexpr long control_non_blocking = static_cast<long>(0x8004667e);
inline constexpr Word control_keep_alive = 0x98000004, control_base_handle = 0x48000022,
                      control_initial_rtt = 0x98000011;
inline constexpr Word control_afd_poll = 0x00012024;
inline constexpr Socket no_socket = ~Socket{0};
inline constexpr short poll_error = 1;

inline constexpr Word generic_read = 0x80000000, generic_write = 0x40000000;
inline constexpr Word write_attributes = 0x100, read_attributes = 0x80, synchronize = 0x100000;
inline constexpr Word append_data = 4, share_all = 7, create_new = 1, create_always = 2, open_always = 4,
                      attribute_read_only = 1, attribute_normal = 0x80;
inline constexpr Word open_existing = 3, flag_overlapped = 0x40000000, flag_first_instance = 0x80000;
inline constexpr Word flag_security_identification = 0x00110000, pipe_duplex = 3, pipe_no_remote = 8,
                      any_instances = 255;
inline constexpr unsigned char skip_port_on_success = 1, skip_event = 2;
inline constexpr Word handle_inherit = 1, wait_forever = 0xffffffff, all_processors = 0xffff;
inline constexpr Word same_access = 2, create_extended = 0x80000, create_unicode_environment = 0x400,
                      use_handles = 0x100;
inline constexpr Size attribute_handle_list = 0x20002;
inline constexpr Word wait_execute_once = 8, standard_input = static_cast<Word>(-10);
inline constexpr Word type_disk = 1, type_char = 2, type_pipe = 3;
inline constexpr unsigned utf8 = 65001;
inline constexpr Word invalid_characters = 8;  // MB_ERR_INVALID_CHARS
inline constexpr Word error_io_incomplete = 996;

inline Handle no_file() noexcept { return reinterpret_cast<Handle>(~std::uintptr_t{0}); }

// ── calls; they are the same functions, whatever namespace they are declared in ──

#if defined(__clang__)  // mingw's headers do not say of all of them that a DLL has them
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdll-attribute-on-redeclaration"
#endif
extern "C" {
// kernel32
__declspec(dllimport) int __stdcall CloseHandle(Handle);
__declspec(dllimport) Word __stdcall GetLastError();
__declspec(dllimport) void __stdcall Sleep(Word);
__declspec(dllimport) Handle __stdcall CreateIoCompletionPort(Handle, Handle, Size, Word);
__declspec(dllimport) int __stdcall GetQueuedCompletionStatusEx(Handle, ::_OVERLAPPED_ENTRY*, Word, Word*, Word, int);
__declspec(dllimport) int __stdcall PostQueuedCompletionStatus(Handle, Word, Size, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall SetFileCompletionNotificationModes(Handle, unsigned char);
__declspec(dllimport) int __stdcall DeviceIoControl(Handle, Word, void*, Word, void*, Word, Word*, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall CancelIoEx(Handle, ::_OVERLAPPED*);
__declspec(dllimport) Handle __stdcall CreateFileW(const wchar_t*, Word, Word, ::_SECURITY_ATTRIBUTES*, Word, Word,
                                                   Handle);
__declspec(dllimport) Handle __stdcall CreateNamedPipeW(const wchar_t*, Word, Word, Word, Word, Word, Word,
                                                        ::_SECURITY_ATTRIBUTES*);
__declspec(dllimport) int __stdcall ConnectNamedPipe(Handle, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall WaitNamedPipeW(const wchar_t*, Word);
__declspec(dllimport) int __stdcall ReadFile(Handle, void*, Word, Word*, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall WriteFile(Handle, const void*, Word, Word*, ::_OVERLAPPED*);
__declspec(dllimport) int __stdcall GetOverlappedResult(Handle, ::_OVERLAPPED*, Word*, int);
__declspec(dllimport) Word __stdcall GetFileType(Handle);
__declspec(dllimport) Word __stdcall SetFilePointer(Handle, long, long*, Word);
__declspec(dllimport) int __stdcall SetHandleInformation(Handle, Word, Word);
__declspec(dllimport) void __stdcall AcquireSRWLockExclusive(::_RTL_SRWLOCK*);
__declspec(dllimport) void __stdcall ReleaseSRWLockExclusive(::_RTL_SRWLOCK*);
__declspec(dllimport) int __stdcall SleepConditionVariableSRW(::_RTL_CONDITION_VARIABLE*, ::_RTL_SRWLOCK*, Word, Word);
__declspec(dllimport) void __stdcall WakeConditionVariable(::_RTL_CONDITION_VARIABLE*);
__declspec(dllimport) void __stdcall WakeAllConditionVariable(::_RTL_CONDITION_VARIABLE*);
__declspec(dllimport) Handle __stdcall CreateThread(::_SECURITY_ATTRIBUTES*, Size, Word(__stdcall*)(void*), void*, Word,
                                                    Word*);
__declspec(dllimport) Word __stdcall WaitForSingleObject(Handle, Word);
__declspec(dllimport) Word __stdcall GetActiveProcessorCount(std::uint16_t);
__declspec(dllimport) Word __stdcall GetCurrentProcessId();
__declspec(dllimport) Handle __stdcall GetCurrentProcess();
__declspec(dllimport) int __stdcall DuplicateHandle(Handle, Handle, Handle, Handle*, Word, int, Word);
__declspec(dllimport) int __stdcall CreateProcessW(const wchar_t*, wchar_t*, ::_SECURITY_ATTRIBUTES*,
                                                   ::_SECURITY_ATTRIBUTES*, int, Word, void*, const wchar_t*,
                                                   ::_STARTUPINFOW*, ::_PROCESS_INFORMATION*);
__declspec(dllimport) int __stdcall InitializeProcThreadAttributeList(::_PROC_THREAD_ATTRIBUTE_LIST*, Word, Word,
                                                                      Size*);
__declspec(dllimport) int __stdcall UpdateProcThreadAttribute(::_PROC_THREAD_ATTRIBUTE_LIST*, Word, Size, void*, Size,
                                                              void*, Size*);
__declspec(dllimport) void __stdcall DeleteProcThreadAttributeList(::_PROC_THREAD_ATTRIBUTE_LIST*);
__declspec(dllimport) int __stdcall TerminateProcess(Handle, unsigned);
__declspec(dllimport) int __stdcall GetExitCodeProcess(Handle, Word*);
__declspec(dllimport) int __stdcall RegisterWaitForSingleObject(Handle*, Handle, WaitCallback, void*, Word, Word);
__declspec(dllimport) int __stdcall UnregisterWaitEx(Handle, Handle);
__declspec(dllimport) Handle __stdcall GetStdHandle(Word);
__declspec(dllimport) wchar_t* __stdcall GetCommandLineW();
__declspec(dllimport) wchar_t* __stdcall GetEnvironmentStringsW();
__declspec(dllimport) int __stdcall FreeEnvironmentStringsW(wchar_t*);
__declspec(dllimport) Word __stdcall GetModuleFileNameW(::HINSTANCE__*, wchar_t*, Word);
__declspec(dllimport) int __stdcall WideCharToMultiByte(unsigned, Word, const wchar_t*, int, char*, int, const char*,
                                                        int*);
__declspec(dllimport) int __stdcall QueryPerformanceCounter(::_LARGE_INTEGER*);
__declspec(dllimport) int __stdcall QueryPerformanceFrequency(::_LARGE_INTEGER*);
__declspec(dllimport) int __stdcall GetConsoleMode(Handle, Word*);
__declspec(dllimport) int __stdcall SetConsoleCtrlHandler(int(__stdcall*)(Word), int);
__declspec(dllimport) int __stdcall MultiByteToWideChar(unsigned, Word, const char*, int, wchar_t*, int);
__declspec(dllimport) ::HINSTANCE__* __stdcall GetModuleHandleW(const wchar_t*);
__declspec(dllimport) Procedure __stdcall GetProcAddress(::HINSTANCE__*, const char*);
__declspec(dllimport) void* __stdcall LocalFree(void*);
// advapi32
__declspec(dllimport) int __stdcall ConvertStringSecurityDescriptorToSecurityDescriptorW(const wchar_t*, Word, void**,
                                                                                         Word*);
// ws2_32
__declspec(dllimport) int __stdcall WSAStartup(std::uint16_t, ::WSAData*);
__declspec(dllimport) int __stdcall WSAGetLastError();
__declspec(dllimport) Socket __stdcall WSASocketW(int, int, int, ::_WSAPROTOCOL_INFOW*, unsigned, Word);
__declspec(dllimport) int __stdcall WSADuplicateSocketW(Socket, Word, ::_WSAPROTOCOL_INFOW*);
__declspec(dllimport) int __stdcall WSAIoctl(Socket, Word, void*, Word, void*, Word, Word*, ::_OVERLAPPED*, Completion);
__declspec(dllimport) int __stdcall WSASend(Socket, ::_WSABUF*, Word, Word*, Word, ::_OVERLAPPED*, Completion);
__declspec(dllimport) int __stdcall WSAPoll(::pollfd*, Word, int);
__declspec(dllimport) int __stdcall closesocket(Socket);
__declspec(dllimport) int __stdcall ioctlsocket(Socket, long, Word*);
__declspec(dllimport) int __stdcall bind(Socket, const ::sockaddr*, int);
__declspec(dllimport) int __stdcall listen(Socket, int);
__declspec(dllimport) int __stdcall connect(Socket, const ::sockaddr*, int);
__declspec(dllimport) Socket __stdcall accept(Socket, ::sockaddr*, int*);
__declspec(dllimport) int __stdcall recv(Socket, char*, int, int);
__declspec(dllimport) int __stdcall send(Socket, const char*, int, int);
__declspec(dllimport) int __stdcall shutdown(Socket, int);
__declspec(dllimport) int __stdcall setsockopt(Socket, int, int, const char*, int);
__declspec(dllimport) int __stdcall getsockopt(Socket, int, int, char*, int*);
__declspec(dllimport) int __stdcall getsockname(Socket, ::sockaddr*, int*);
__declspec(dllimport) int __stdcall getpeername(Socket, ::sockaddr*, int*);
__declspec(dllimport) int __stdcall GetAddrInfoW(const wchar_t*, const wchar_t*, const ::addrinfoW*, ::addrinfoW**);
__declspec(dllimport) void __stdcall FreeAddrInfoW(::addrinfoW*);
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/// A structure of ours as the one of Windows' that it is.
template <class Theirs, class Ours>
Theirs* as(Ours* ours) noexcept {
  return reinterpret_cast<Theirs*>(ours);
}

}  // namespace net::inline NET_ABI::detail::win

#endif  // _WIN32

#endif
