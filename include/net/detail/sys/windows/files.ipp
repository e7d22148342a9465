// The bodies of files.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_FILES_IPP
#define NET_DETAIL_SYS_WINDOWS_FILES_IPP

#include <net/detail/sys/windows/files.hpp>

#if NET_BODIES && defined(_WIN32)

#include <cerrno>

namespace net::inline NET_ABI::detail::os {

inline win::Handle file_of(NativeHandle file) noexcept { return reinterpret_cast<win::Handle>(file); }

NET_API int open_file(const std::string& path, const FileAccess& access, NativeHandle& opened) noexcept {
  constexpr std::size_t capacity = 4096;
  wchar_t name[capacity];
  if (path.find('\0') != path.npos) return -EINVAL;
  if (!to_wide(path, name, capacity)) return -ENAMETOOLONG;
  const win::Word rights = !access.writes   ? win::generic_read
                           : access.appends ? win::append_data | win::write_attributes | win::synchronize
                                            : win::generic_write;
  const bool empties = access.writes && !access.appends && access.start == 0;
  const win::Word how = !access.writes     ? win::open_existing
                        : access.exclusive ? win::create_new
                        : empties          ? win::create_always
                                           : win::open_always;
  const win::Word attributes =
      access.writes && (access.mode & 0222) == 0 ? win::attribute_read_only : win::attribute_normal;
  const win::Handle file = win::CreateFileW(name, rights, win::share_all, nullptr, how, attributes, nullptr);
  if (file == win::no_file()) return last_error();
  if (access.start > 0) {
    long high = static_cast<long>(access.start >> 32);
    const win::Word low = win::SetFilePointer(file, static_cast<long>(access.start & 0xffffffff), &high, 0);
    if (const win::Word failed = low == ~win::Word{0} ? win::GetLastError() : 0; failed != 0) {
      win::CloseHandle(file);
      return -errno_of(failed);
    }
  }
  opened = reinterpret_cast<NativeHandle>(file);
  return 0;
}

NET_API std::ptrdiff_t read_file(NativeHandle file, char* into, std::size_t size) noexcept {
  win::Word moved = 0;
  const auto asked = static_cast<win::Word>(size < max_at_once ? size : max_at_once);
  if (win::ReadFile(file_of(file), into, asked, &moved, nullptr)) return static_cast<std::ptrdiff_t>(moved);
  constexpr win::Word end_of_file = 38, broken_pipe = 109;
  const win::Word failed = win::GetLastError();
  return failed == end_of_file || failed == broken_pipe ? 0 : -errno_of(failed);
}

NET_API std::ptrdiff_t write_file(NativeHandle file, const char* from, std::size_t size) noexcept {
  win::Word moved = 0;
  const auto asked = static_cast<win::Word>(size < max_at_once ? size : max_at_once);
  if (win::WriteFile(file_of(file), from, asked, &moved, nullptr)) return static_cast<std::ptrdiff_t>(moved);
  return last_error();
}

NET_API int close_file(NativeHandle file) noexcept { return win::CloseHandle(file_of(file)) ? 0 : last_error(); }

/// A pipe whose instances are all in use is an error at once.
NET_API bool is_slow_path(const std::string&) noexcept { return false; }

NET_API bool is_slow_file(NativeHandle file) noexcept {
  constexpr win::Word disk = 1;
  return win::GetFileType(file_of(file)) != disk;
}

NET_API std::ptrdiff_t write_slow_file(NativeHandle, const char*, std::size_t) noexcept { return -EAGAIN; }

}  // namespace net::inline NET_ABI::detail::os

#endif
#endif
