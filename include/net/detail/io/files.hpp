// Files, which may block: what the threads of a pool ask of the system. Internal.
#ifndef NET_DETAIL_IO_FILES_HPP
#define NET_DETAIL_IO_FILES_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>

#include <net/detail/io/native_handle.hpp>

namespace net::inline NET_ABI::detail {

/// How a file is opened: to be read, or to be written, and then made if it is not there.
struct FileAccess {
  bool writes = false;
  bool appends = false;    // behind what is there; otherwise that is cut off
  bool exclusive = false;  // only if it is not there
  int mode = 0666;         // of a new one
  std::uint64_t start = 0;
};

/// The contract. Errors are negated errno values.
template <class M>
concept MachineFiles = requires(const std::string& path, const FileAccess& access, NativeHandle file,
                                NativeHandle& opened, char* into, const char* from, std::size_t size) {
  { M::open_file(path, access, opened) } -> std::same_as<int>;
  { M::read_file(file, into, size) } -> std::same_as<std::ptrdiff_t>;
  { M::write_file(file, from, size) } -> std::same_as<std::ptrdiff_t>;
  { M::close_file(file) } -> std::same_as<int>;
  // whether opening it, or writing to it, may have to wait for another process
  { M::is_slow_path(path) } -> std::same_as<bool>;
  { M::is_slow_file(file) } -> std::same_as<bool>;
  // what a slow one takes without waiting
  { M::write_slow_file(file, from, size) } -> std::same_as<std::ptrdiff_t>;
};

}  // namespace net::inline NET_ABI::detail

#endif
