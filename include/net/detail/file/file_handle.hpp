// An open file, and bytes for it, as they go to a thread that may block, and come back. Internal.
#ifndef NET_DETAIL_FILE_FILE_HANDLE_HPP
#define NET_DETAIL_FILE_FILE_HANDLE_HPP

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/base/exchange.hpp>
#include <net/detail/io/files.hpp>
#include <net/detail/sys/machine.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// Whoever has it closes it: the loop, or the thread if the loop has gone meanwhile.
class FileHandle {
 public:
  FileHandle() noexcept = default;
  FileHandle(FileHandle&& other) noexcept : file_(detail::exchange(other.file_, no_handle)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~FileHandle() { (void)close(); }

  explicit operator bool() const noexcept { return file_ != no_handle; }
  /// 0, or a negated errno; so are the others.
  int open(const std::string& path, const FileAccess& access) noexcept {
    return Machine::open_file(path, access, file_);
  }
  std::ptrdiff_t read(char* into, std::size_t size) noexcept { return Machine::read_file(file_, into, size); }
  /// All of it, unless it fails.
  int write(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
      const std::ptrdiff_t written = Machine::write_file(file_, bytes.data(), bytes.size());
      if (written < 0) return static_cast<int>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
  }
  /// Whether writing to it may have to wait for another process: a FIFO, a device.
  bool is_slow() const noexcept { return Machine::is_slow_file(file_); }
  /// How much of it a slow one takes without waiting.
  std::size_t write_some(std::string_view bytes) noexcept {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const std::ptrdiff_t size = Machine::write_slow_file(file_, bytes.data() + written, bytes.size() - written);
      if (size <= 0) break;
      written += static_cast<std::size_t>(size);
    }
    return written;
  }
  int close() noexcept {
    const NativeHandle file = detail::exchange(file_, no_handle);
    return file == no_handle ? 0 : Machine::close_file(file);
  }

 private:
  NativeHandle file_ = no_handle;
};

/// Space for one piece of a file.
class FileBuffer {
 public:
  FileBuffer() noexcept = default;
  explicit FileBuffer(std::size_t size) : bytes_(static_cast<char*>(::operator new(size))), size_(size) {}
  FileBuffer(FileBuffer&& other) noexcept
      : bytes_(detail::exchange(other.bytes_, nullptr)), size_(detail::exchange(other.size_, 0)) {}
  FileBuffer& operator=(FileBuffer&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~FileBuffer() { ::operator delete(bytes_); }

  char* bytes() const noexcept { return bytes_; }
  std::size_t size() const noexcept { return size_; }

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

/// What goes to a thread, which has the file meanwhile, and comes back from it.
struct FileStep {
  FileHandle file{};
  FileAccess access{};   // to open it
  std::string bytes{};   // its path, or what is written
  FileBuffer buffer{};   // what is read
  std::size_t size = 0;  // so much of it
  std::ptrdiff_t result = 0;
  bool slow = false;  // known when it was opened
};

/// What the thread does: gives the result.
using FileRun = std::ptrdiff_t (*)(FileStep& step);

struct FileWork {
  FileStep step;
  FileRun run;

  FileStep operator()() {
    step.result = run(step);
    return std::move(step);
  }
  /// In a child of fork(): the thread and the file are the parent's.
  void leave() noexcept { (void)step.file.close(); }
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
