// The bodies of pipe_name.hpp. Internal.
#ifndef NET_DETAIL_SYS_WINDOWS_PIPE_NAME_IPP
#define NET_DETAIL_SYS_WINDOWS_PIPE_NAME_IPP

#include <net/detail/sys/windows/pipe_name.hpp>

#if NET_BODIES

#include <cerrno>

#include <net/detail/sys/windows/calls.hpp>
#include <net/detail/sys/windows/errors.hpp>

#if defined(_WIN32)

namespace net::inline NET_ABI::detail {

NET_API int PipeName::set(std::string_view path) noexcept {
  if (path.empty() || path.find('\0') != std::string_view::npos) return -EINVAL;
  const auto slash = [&](std::size_t at) { return path[at] == '\\' || path[at] == '/'; };
  const auto letter = [&](std::size_t at, char lower) { return path[at] == lower || path[at] == lower - 'a' + 'A'; };
  constexpr std::size_t prefix = 9;  // \\.\pipe\ ...
  const bool named = path.size() > prefix && slash(0) && slash(1) && (path[2] == '.' || path[2] == '?') && slash(3) &&
                     letter(4, 'p') && letter(5, 'i') && letter(6, 'p') && letter(7, 'e') && slash(8);
  if (!named) return -ENOENT;
  return os::to_wide(path, text, sizeof text / sizeof text[0]) ? 0 : -EINVAL;
}

NET_API win::Handle open_pipe(const PipeName& name, int& failed) noexcept {
  // a server may give only one of the directions
  constexpr win::Word ways[] = {win::generic_read | win::generic_write, win::generic_read | win::write_attributes,
                                win::generic_write | win::read_attributes};
  for (const win::Word way : ways) {
    const win::Handle opened = win::CreateFileW(name.text, way, 0, nullptr, win::open_existing,
                                                win::flag_overlapped | win::flag_security_identification, nullptr);
    if (opened != win::no_file()) {
      if (win::GetFileType(opened) == win::type_pipe) return failed = 0, opened;
      win::CloseHandle(opened);  // a name with dots may lead out of the pipes
      return failed = -ENOTSOCK, nullptr;
    }
    failed = os::last_error();
    if (failed != -EPERM) break;
  }
  return nullptr;
}

NET_API bool pipe_exists(const PipeName& name) noexcept {
  return win::WaitNamedPipeW(name.text, 1) || os::last_error() != -ENOENT;
}

NET_API win::Handle make_pipe(const PipeName& name, const PathMode& mode, bool first, int& failed) noexcept {
  // the owner, the system and administrators everything; all others what was asked for, as libuv has it
  constexpr const wchar_t* lists[] = {nullptr, L"D:(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x80100100;;;WD)",
                                      L"D:(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)(A;;0x40100080;;;WD)",
                                      L"D:(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)(A;;0xC0100180;;;WD)"};
  const wchar_t* const list = lists[(mode.readable_all ? 1 : 0) + (mode.writable_all ? 2 : 0)];
  win::SecurityAttributes security{sizeof security, nullptr, 0};
  if (list && !win::ConvertStringSecurityDescriptorToSecurityDescriptorW(list, 1, &security.descriptor, nullptr)) {
    failed = os::last_error();
    return nullptr;
  }
  constexpr win::Word buffer = 65536;
  const win::Handle made = win::CreateNamedPipeW(
      name.text, win::pipe_duplex | win::flag_overlapped | (first ? win::flag_first_instance : 0), win::pipe_no_remote,
      win::any_instances, buffer, buffer, 0, win::as<::_SECURITY_ATTRIBUTES>(&security));
  failed = made == win::no_file() ? os::last_error() : 0;
  if (security.descriptor) win::LocalFree(security.descriptor);
  return failed == 0 ? made : nullptr;
}

}  // namespace net::inline NET_ABI::detail

#endif  // _WIN32
#endif
#endif
