// The bodies of errors.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_ERRORS_IPP
#define NET_DETAIL_SYS_WINDOWS_ERRORS_IPP

#include <net/detail/sys/windows/errors.hpp>

#if NET_BODIES

#include <cerrno>
#include <cstdint>

#include <net/detail/sys/windows/system.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail::os {

NET_API int errno_of(unsigned long code) noexcept {
  switch (code) {
    case 2:
    case 3:
    case 15:
    case 53:
    case 123:
    case 161:
    case 267: return ENOENT;  // no such file, path, drive, computer; bad name, path name, directory
    case 5:
    case 1314: return EPERM;  // access denied, no privilege
    case 10013:
    case 740:
    case 998:
    case 1920: return EACCES;
    case 4:
    case 10024: return EMFILE;
    case 6:
    case 10009: return EBADF;
    case 8:
    case 14:
    case 1450:
    case 1453:
    case 1455:
    case 1816: return ENOMEM;  // no memory, resources, quota
    case 10055: return ENOBUFS;
    case 50:
    case 10045: return ENOTSUP;
    case 1:
    case 120: return ENOSYS;
    case 10052:  // a connection whose probes were not answered
    case 10054:
    case 64: return ECONNRESET;
    case 109:
    case 232:
    case 233:
    case 230:
    case 10058: return EPIPE;  // broken, no data, not connected
    case 10057: return ENOTCONN;
    case 13:
    case 87:
    case 122:
    case 10022:
    case 10046:
    case 170000: return EINVAL;
    case 121:
    case 10060:
    case 258:
    case 1460: return ETIMEDOUT;
    case 206:
    case 111: return ENAMETOOLONG;
    case 231:
    case 170:
    case 32:
    case 33: return EBUSY;
    case 995:
    case 10004: return ECANCELED;
    case 1225:
    case 10061: return ECONNREFUSED;
    case 1231:
    case 10051: return ENETUNREACH;
    case 1232:
    case 10065: return EHOSTUNREACH;
    case 1236:
    case 10053: return ECONNABORTED;
    case 1227:
    case 10048: return EADDRINUSE;
    case 1214:
    case 10049: return EADDRNOTAVAIL;
    case 1228:
    case 1229:
    case 2250: return ENOTCONN;
    case 19: return EROFS;  // write protected
    case 1113: return EINVAL;  // no such character
    case 10014: return EFAULT;
    case 10035:
    case 997: return EAGAIN;
    case 10036: return EINPROGRESS;
    case 10037: return EALREADY;
    case 10038: return ENOTSOCK;
    case 10039: return EDESTADDRREQ;
    case 10040: return EMSGSIZE;
    case 10041: return EPROTOTYPE;
    case 10042: return ENOPROTOOPT;
    case 10043: return EPROTONOSUPPORT;
    case 10047: return EAFNOSUPPORT;
    case 10050:
    case 10091: return ENETDOWN;
    case 10056: return EISCONN;
    case 183:
    case 80: return EEXIST;
    case 39:
    case 112: return ENOSPC;
    default: return EIO;
  }
}

NET_API int last_error() noexcept { return -errno_of(win::GetLastError()); }
NET_API int last_socket_error() noexcept { return -errno_of(static_cast<unsigned long>(win::WSAGetLastError())); }

NET_API int status_error(unsigned long status) noexcept {
  switch (status) {
    case 0x00000000:
    case 0x80000005:
    case 0x00000103: return 0;  // done; more of the message; not yet
    case 0xc0000120:
    case 0xc0000121: return ECANCELED;
    case 0xc000014b:
    case 0xc00000b0:
    case 0xc00000b1:
    case 0xc00000ae: return EPIPE;
    case 0xc0000008: return EBADF;
    case 0xc0000017:
    case 0xc000009a: return ENOMEM;
    case 0xc000020d:
    case 0xc000013b:
    case 0xc000013c: return ECONNRESET;
    case 0xc0000236: return ECONNREFUSED;
    case 0xc00000b5: return ETIMEDOUT;
    default: return (status & 0xc0000000) == 0xc0000000 ? EIO : 0;
  }
}

}  // namespace net::inline NET_ABI::detail::os

#endif  // _WIN32
#endif
#endif
