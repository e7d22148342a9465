// A file that is read as a stream: the next piece is read on a thread while this one is emitted. Internal.
#ifndef NET_DETAIL_FILE_READING_HPP
#define NET_DETAIL_FILE_READING_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <net/detail/base/cast.hpp>
#include <net/detail/file/state.hpp>
#include <net/detail/stream/gates.hpp>
#include <net/detail/stream/pipe_link.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

struct FileReading : FileState {
  static const Operations table;

  FileReading(LoopCore& core, std::string&& name, std::size_t piece_size, std::uint64_t start, std::uint64_t end);

  void begin();
  void read_ahead();
  void came(FileBuffer&& buffer, std::ptrdiff_t size);
  void flow();
  void emit_piece();
  void pause() noexcept { asked = Flow::paused; }
  void resume();
  void flow_soon();
  void drop() noexcept;
  void after_fork();

  // what pipe() asks of a source
  Pipes& ensure_pipes() noexcept { return pipes; }
  void data_listener_removed() noexcept {
    if (!listeners.has(file_data)) data_listening = false;
  }
  template <class F>
  void tick_call(F&& call) {
    if (loop) loop->ticks().push(Tick{Owing<FileReading>(*this), std::forward<F>(call)});
  }

  Pipes pipes;
  FileBuffer piece, spare;
  std::ptrdiff_t piece_bytes = -1;  // that were read, and not emitted; 0 is the end, below that there is nothing
  const std::size_t piece_size;
  const std::uint64_t first;
  std::uint64_t left;  // bytes up to the end that was asked for
  Flow asked = Flow::unset;
  bool data_listening = false;
  bool end_emitted = false;
  bool flow_ticking = false;
};

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/file/reading.ipp>

#endif
