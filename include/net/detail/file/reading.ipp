// The bodies of reading.hpp. Internal.
#ifndef NET_DETAIL_FILE_READING_IPP
#define NET_DETAIL_FILE_READING_IPP

#include <net/detail/file/reading.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations FileReading::table{
    .free = [](Handle& handle) noexcept { delete static_cast<FileReading*>(&handle); },
    .abandon = [](Handle& handle) noexcept { static_cast<FileReading&>(handle).drop(); },
    .after_fork = [](Handle& handle) { static_cast<FileReading&>(handle).after_fork(); },
    .give_up = [](Handle& handle) noexcept { static_cast<FileReading&>(handle).give_up(); }};

/// Both included; without an end it is the largest number.
constexpr std::uint64_t bytes_between(std::uint64_t start, std::uint64_t end) noexcept {
  if (end < start) return 0;
  const std::uint64_t distance = end - start;
  return distance + (distance < ~std::uint64_t{} ? 1 : 0);
}

NET_API FileReading::FileReading(LoopCore& core, std::string&& name, std::size_t size, std::uint64_t start,
                                 std::uint64_t end)
    : FileState(core, table, std::move(name)), piece_size(size), first(start), left(bytes_between(start, end)) {
  data_added = [](FileState& state) {
    auto& self = static_cast<FileReading&>(state);
    if (self.asked != Flow::paused) self.resume();
    self.data_listening = true;
  };
  goes_on_by_itself = [](const FileState& state) noexcept {
    const auto& self = static_cast<const FileReading&>(state);
    return self.asked == Flow::flowing || self.pipes.will_drain();
  };
}

NET_API void FileReading::begin() {
  start(
      {.access = {.start = first}, .bytes = path},
      [](FileStep& step) -> std::ptrdiff_t { return step.file.open(step.bytes, step.access); },
      [](FileState& state, FileStep& step) {
        if (!state.opened(static_cast<int>(step.result))) return;
        static_cast<FileReading&>(state).flow();
        state.emit_event<file_open>();
      });
}

/// The next piece, if there is place for it: one is kept, and another one may be under way.
NET_API void FileReading::read_ahead() {
  if (busy || phase != FilePhase::open || piece_bytes >= 0 || end_emitted) return;
  if (loop->inert()) return;  // the file is the parent's (S31.1)
  const std::size_t size = left < piece_size ? cast<std::size_t>(left) : piece_size;
  if (!spare.bytes()) spare = FileBuffer(piece_size);
  start(
      {.buffer = std::move(spare), .size = size},
      [](FileStep& step) { return step.file.read(step.buffer.bytes(), step.size); },
      [](FileState& state, FileStep& step) {
        if (!state.is_over(step.result, "read"))
          static_cast<FileReading&>(state).came(std::move(step.buffer), step.result);
      });
}

NET_API void FileReading::came(FileBuffer&& buffer, std::ptrdiff_t size) {
  spare = detail::exchange(piece, std::move(buffer));
  piece_bytes = size;
  left -= static_cast<std::uint64_t>(size);
  flow();
}

/// As long as somebody wants it: what is there is emitted, and the next piece comes meanwhile.
NET_API void FileReading::flow() {
  if (asked != Flow::flowing || phase != FilePhase::open) return;
  if (piece_bytes < 0) return read_ahead();
  if (piece_bytes > 0) return emit_piece();
  piece_bytes = -1;
  end_emitted = true;
  struct Destroy {
    FileReading& self;
    ~Destroy() {
      undo_or_give_up(self, [this] { self.destroy(no_error()); });
    }
  } const destroy_then{*this};
  emit_event<file_end>();
}

NET_API void FileReading::emit_piece() {
  const Ref<FileReading> alive(this);
  FileBuffer bytes = std::move(piece);
  const Chunk chunk(std::string_view(bytes.bytes(), static_cast<std::size_t>(detail::exchange(piece_bytes, -1))));
  moved += chunk.size();
  read_ahead();
  emit_event<file_data>(chunk);
  if (!spare.bytes()) spare = std::move(bytes);
}

NET_API void FileReading::resume() {
  flow_soon();
  asked = Flow::flowing;
}

NET_API void FileReading::flow_soon() {
  if (flow_ticking || destroyed()) return;
  tick([](FileState& state) {
    auto& self = static_cast<FileReading&>(state);
    self.flow_ticking = false;
    self.flow();
  });
  flow_ticking = true;
}

NET_API void FileReading::after_fork() {
  if (is_mine_after_fork()) flow_soon();
}

NET_API void FileReading::drop() noexcept {
  pipes.source_closed();
  drop_all();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
