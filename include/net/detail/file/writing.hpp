// A file that is written as a stream: what is written meanwhile waits for the next turn of the thread. Internal.
#ifndef NET_DETAIL_FILE_WRITING_HPP
#define NET_DETAIL_FILE_WRITING_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <net/detail/base/position.hpp>
#include <net/detail/base/queue.hpp>
#include <net/detail/file/state.hpp>
#include <net/detail/stream/write_queue.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

/// How far a file that is written has come to its end.
enum class FileEnd : std::uint8_t {
  open,
  ending,   // end() was called
  written,  // all of it, and the file is closed
  finished  // 'finish' came, or nobody listens to it
};

constexpr bool is_step(FileEnd from, FileEnd to) noexcept { return static_cast<int>(to) == static_cast<int>(from) + 1; }

struct FileWriting : FileState {
  static const Operations table;

  FileWriting(LoopCore& core, std::string&& name, const FileAccess& how, std::size_t mark);

  void begin();
  bool write(std::string_view bytes, WriteCallback callback);
  bool refuse(WriteCallback&& callback);
  void end(WriteCallback callback);
  void end(std::string_view last, WriteCallback callback);
  void go_on();
  void go_on_soon();
  void after_fork();
  void hand_over() noexcept;
  void hand_over_to(FileHandle& handle, bool is_slow) noexcept;
  void written(std::string&& bytes);
  void close_file();
  void call_back();
  void fail_callbacks();
  void drop() noexcept;
  bool ending() const noexcept { return write_end != FileEnd::open; }
  bool finished() const noexcept { return write_end == FileEnd::finished; }
  std::size_t length() const noexcept { return waiting.size() + under_way; }

  /// Whom to call when so many bytes were written.
  struct Waiting {
    std::uint64_t up_to;
    WriteCallback callback;
  };

  const FileAccess access;
  const std::size_t mark;
  std::string waiting, spare;
  std::size_t under_way = 0;
  Queue<Waiting> callbacks;
  Queue<WriteCallback> at_finish;
  bool slow = false;     // writing to it may have to wait for another process
  bool ticking = false;  // it goes on from a tick
  bool need_drain = false;
  Position<FileEnd> write_end{};
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/file/writing.ipp>

#endif
