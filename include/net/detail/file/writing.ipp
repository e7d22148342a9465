// The bodies of writing.hpp. Internal.
#ifndef NET_DETAIL_FILE_WRITING_IPP
#define NET_DETAIL_FILE_WRITING_IPP

#include <net/detail/file/writing.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations FileWriting::table{
    .free = [](Handle& handle) noexcept { delete static_cast<FileWriting*>(&handle); },
    .abandon = [](Handle& handle) noexcept { static_cast<FileWriting&>(handle).drop(); },
    .hand_over = [](Handle& handle) noexcept { static_cast<FileWriting&>(handle).hand_over(); },
    .after_fork = [](Handle& handle) { static_cast<FileWriting&>(handle).after_fork(); },
    .give_up = [](Handle& handle) noexcept { static_cast<FileWriting&>(handle).give_up(); }};

NET_API FileWriting::FileWriting(LoopCore& core, std::string&& name, const FileAccess& how, std::size_t high_water_mark)
    : FileState(core, table, std::move(name)), access(how), mark(high_water_mark) {
  before_close = [](FileState& state) { static_cast<FileWriting&>(state).fail_callbacks(); };
  goes_on_by_itself = [](const FileState& state) noexcept {
    const auto& self = static_cast<const FileWriting&>(state);
    return self.ending() || self.length() > 0;
  };
}

NET_API void FileWriting::begin() {
  start(
      {.access = access, .bytes = path},
      [](FileStep& step) -> std::ptrdiff_t {
        const int failed = step.file.open(step.bytes, step.access);
        step.slow = failed == 0 && step.file.is_slow();
        return failed;
      },
      [](FileState& state, FileStep& step) {
        if (!state.opened(static_cast<int>(step.result))) return;
        auto& self = static_cast<FileWriting&>(state);
        self.slow = step.slow;
        self.go_on();
        self.emit_event<file_open>();
      });
}

/// Takes all the bytes, always; the result only advises (S15.4). Whatever needs memory comes first (S32.5).
NET_API bool FileWriting::write(std::string_view bytes, WriteCallback callback) {
  if (ending() || destroyed() || !loop) return refuse(std::move(callback));
  if (callback) callbacks.reserve(1);
  go_on_soon();
  waiting.append(bytes);
  const bool has_space = length() < mark;
  if (!has_space) need_drain = true;
  if (callback) callbacks.push({moved + length(), std::move(callback)});
  return has_space;
}

NET_API bool FileWriting::refuse(WriteCallback&& callback) {
  if (!loop) return false;
  const Error error = make_error(ending() ? Errc::ERR_STREAM_WRITE_AFTER_END : Errc::ERR_STREAM_DESTROYED);
  Callback later;
  if (callback) {
    later = Callback(Tick{Ref<FileWriting>(this), [error, call = std::move(callback)](FileWriting&) { call(error); }});
  }
  loop->ticks().reserve(2);
  if (later) loop->ticks().push(std::move(later));
  destroy(error);
  return false;
}

/// 'finish' follows when all is written, and then 'close'.
NET_API void FileWriting::end(WriteCallback callback) {
  if (write_end >= FileEnd::written || destroyed()) {
    if (callback) (void)refuse(std::move(callback));
    return;
  }
  if (callback) at_finish.reserve(1);
  go_on_soon();
  if (callback) at_finish.push(std::move(callback));
  if (!ending()) write_end.move_to(FileEnd::ending);
}

NET_API void FileWriting::end(std::string_view last, WriteCallback callback) {
  if (ending() || destroyed() || !loop) return void(refuse(std::move(callback)));
  if (callback) at_finish.reserve(1);
  (void)write(last, {});
  end(std::move(callback));
}

/// A call of the user's only asks for it: what fails then fails in the loop.
NET_API void FileWriting::go_on_soon() {
  if (busy || ticking || phase != FilePhase::open) return;
  tick([](FileState& state) {
    auto& self = static_cast<FileWriting&>(state);
    self.ticking = false;
    self.loop->keep_alive(false);
    self.go_on();
    self.call_back();  // those who wrote nothing
  });
  loop->keep_alive(true);
  ticking = true;
}

NET_API void FileWriting::after_fork() {
  if (is_mine_after_fork()) go_on_soon();
}

/// S31.7: the loop or the process ends, and no thread will write what waits. A file is waited for, whatever it takes; a
/// FIFO takes what it has space for.
NET_API void FileWriting::hand_over() noexcept {
  if (destroyed() || loop->inert()) return;
  if (!busy) return hand_over_to(file, slow);
  if (begun_in != Machine::fork_count()) return;
  const bool opening = phase == FilePhase::opening;
  FileStep* const step = come_back(opening ? !Machine::is_slow_path(path) : !slow);
  if (step && step->result >= 0) hand_over_to(step->file, opening ? step->slow : slow);
}

NET_API void FileWriting::hand_over_to(FileHandle& handle, bool is_slow) noexcept {
  if (!is_slow) {
    (void)handle.write(waiting);
    waiting.clear();
  } else {
    waiting.erase(0, handle.write_some(waiting));
  }
}

NET_API void FileWriting::go_on() {
  if (busy || phase != FilePhase::open || loop->inert()) return;  // in a child the file is the parent's (S31.1)
  if (waiting.empty()) {
    if (write_end == FileEnd::ending) close_file();
    return;
  }
  under_way = waiting.size();
  start(
      {.bytes = detail::exchange(waiting, std::move(spare))},
      [](FileStep& step) -> std::ptrdiff_t { return step.file.write(step.bytes); },
      [](FileState& state, FileStep& step) {
        if (!state.is_over(step.result, "write")) static_cast<FileWriting&>(state).written(std::move(step.bytes));
      });
}

NET_API void FileWriting::written(std::string&& bytes) {
  moved += detail::exchange(under_way, 0);
  bytes.clear();
  spare = std::move(bytes);
  go_on();  // the thread need not wait for the listeners
  call_back();
}

/// What the system could not write it may say only now.
NET_API void FileWriting::close_file() {
  start(
      {}, [](FileStep& step) -> std::ptrdiff_t { return step.file.close(); },
      [](FileState& state, FileStep& step) {
        if (state.is_over(step.result, "close")) return;
        auto& self = static_cast<FileWriting&>(state);
        self.write_end.move_to(FileEnd::written);
        self.call_back();
      });
}

/// For all that is done. Whatever one throws, the others follow on a tick.
NET_API void FileWriting::call_back() {
  CallOnThrow again([this] {
    undo_or_give_up(*this, [this] { tick([](FileState& state) { static_cast<FileWriting&>(state).call_back(); }); });
  });
  while (!callbacks.empty() && callbacks.first().up_to <= moved) {
    const Waiting done = callbacks.pop_front();
    done.callback(no_error());
  }
  if (need_drain && length() == 0 && !ending() && !destroyed()) {
    need_drain = false;
    emit_event<file_drain>();
  }
  if (write_end < FileEnd::written) return void(again.passed = true);
  while (!at_finish.empty()) {
    const WriteCallback callback = at_finish.pop_front();
    callback(no_error());
  }
  if (!finished()) {
    write_end.move_to(FileEnd::finished);
    emit_event<file_finish>();
  }
  destroy(no_error());
  again.passed = true;
}

/// What was not written is never written.
NET_API void FileWriting::fail_callbacks() {
  const Error error = errored ? errored : make_error(Errc::ERR_STREAM_DESTROYED);
  while (!callbacks.empty() || !at_finish.empty()) {
    const WriteCallback callback =
        !callbacks.empty() ? std::move(callbacks.pop_front().callback) : at_finish.pop_front();
    callback(error);
  }
}

NET_API void FileWriting::drop() noexcept {
  callbacks.clear();
  at_finish.clear();
  drop_all();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
