// The bodies of channel.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_CHANNEL_IPP
#define NET_DETAIL_SYS_WINDOWS_CHANNEL_IPP

#include <net/detail/sys/windows/channel.hpp>

#if NET_BODIES

#include <cerrno>
#include <new>

#include <net/detail/base/exchange.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API bool windows_channel::adopt_connected(NativeHandle handle) noexcept {
  if (os::kind_of(handle) != DescriptorKind::local) {
    fd = handle;
    return true;
  }
  if (auto* const entry = new (std::nothrow) PipeEntry) {
    entry->set(os::handle_of(handle));
    fd = tagged(*entry);
  }
  return false;
}

NET_API void windows_channel::close() noexcept {
  if (!is_open()) return;
  if (PipeEntry* const entry = pipe()) {
    fd = no_handle;
    entry->close();
  } else {
    os::close_socket(detail::exchange(fd, no_handle));
  }
}

NET_API NativeHandle windows_channel::release() noexcept {
  PipeEntry* const entry = pipe();
  if (!entry) return detail::exchange(fd, no_handle);
  const auto handle = reinterpret_cast<NativeHandle>(entry->release_handle());
  close();
  return handle == 0 ? no_handle : handle;
}

NET_API int windows_channel::start_connect_path(std::string_view path) noexcept {
  PipeName name;
  if (const int failed = name.set(path); failed < 0) return failed;
  auto* const entry = new (std::nothrow) PipeEntry;
  if (!entry) return -ENOMEM;
  const int result = entry->connect(name);
  fd = tagged(*entry);
  return result;
}

NET_API int windows_channel::set_type_of_service(int value) noexcept {
  if (PipeEntry* const entry = pipe()) return entry->type_of_service() = value, 0;
  return os::set_type_of_service(fd, local_end().ip.family, value);
}
NET_API int windows_channel::get_type_of_service() const noexcept {
  return pipe() ? pipe()->type_of_service() : os::get_type_of_service(fd, local_end().ip.family);
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
