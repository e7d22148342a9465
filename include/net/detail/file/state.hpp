// What a stream of a file is made of, to read or to write: it is open, one step of it is under way on a thread, it
// closes. Internal.
#ifndef NET_DETAIL_FILE_STATE_HPP
#define NET_DETAIL_FILE_STATE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <net/chunk.hpp>
#include <net/detail/base/on_throw.hpp>
#include <net/detail/base/position.hpp>
#include <net/detail/events/event.hpp>
#include <net/detail/events/listeners.hpp>
#include <net/detail/file/file_handle.hpp>
#include <net/detail/loop/core.hpp>
#include <net/detail/loop/owing.hpp>
#include <net/error.hpp>
#include <net/worker_pool.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

using FileEvents = EventTable<Event<"close">, Event<"error", const Error>, Event<"open">, Event<"data", Chunk>,
                              Event<"end">, Event<"drain">, Event<"finish">>;
enum : unsigned { file_close, file_error, file_open, file_data, file_end, file_drain, file_finish };

/// Where a stream of a file is.
enum class FilePhase : std::uint8_t {
  opening,
  open,
  closing,  // destroyed: 'close' comes when no thread has the file
  closed    // 'close' came, or nobody will be told
};

/// It only goes forward; from `opening` and `open` also at once to the end, with the loop.
constexpr bool is_step(FilePhase from, FilePhase to) noexcept { return to > from; }

struct FileState : Handle, MindsNoListeners {
  FileState(LoopCore& core, const Operations& table, std::string&& name);
  ~FileState() {
    if (close_expected && loop) loop->closing().expect_no_more();
  }

  /// What is done on the loop when a step has come back from its thread.
  using Done = void (*)(FileState& self, FileStep& step);
  /// Gives the file to a thread, with what else the step needs.
  void start(FileStep&& step, FileRun run, Done done);
  /// Waits for the thread, or does its work: what it gives lies in the mailbox then. Null if that may take too long.
  FileStep* come_back(bool quick) noexcept;
  /// Whether it is open now.
  bool opened(int failed);
  /// A step that failed; or it was closed meanwhile: then this is the end. False: it goes on.
  bool is_over(std::ptrdiff_t result, const char* syscall);
  void destroy(const Error& error);
  void close() noexcept;
  void close_now();
  static void job_of_close(Handle& handle) { static_cast<FileState&>(handle).close_now(); }
  void give_up() noexcept;
  void drop_all() noexcept;
  void settle() noexcept;
  /// A handle or a step less. What nobody can use any more, and does not go on by itself, closes: as when the socket is
  /// gone to or from which it was piped.
  void release() noexcept {
    if (owners == 2 && kept_by_loop && phase == FilePhase::open && !busy && !goes_on_by_itself(*this)) {
      destroy(no_error());
    }
    Handle::release();
  }
  /// In a child of fork() that goes on: a step that was under way is the parent's, and what both would go on with from
  /// there is nobody's. True: none was.
  bool is_mine_after_fork();
  bool is_over() const noexcept { return phase == FilePhase::closed || !loop; }
  bool destroyed() const noexcept { return phase >= FilePhase::closing; }
  Error failure(int number, const char* syscall) const;

  template <unsigned Event, class... Args>
  bool emit_event(const Args&... args) {
    if (!listeners.has(Event)) return false;
    const Ref<FileState> alive(this);
    using Row = typename EventAt<FileEvents, Event>::type;
    return call_listeners_rarely(*this, Event, typename Row::Given(args...).at);
  }
  void tick(void (*step)(FileState&)) {
    if (loop) loop->ticks().push(OwedStep<FileState>{Owing<FileState>(*this), step});
  }
  static constexpr bool minds_listeners(unsigned event) noexcept { return event == file_data; }
  void listener_added(unsigned event) {
    if (event == file_data && data_added) data_added(*this);
  }

  const std::string path;
  Listeners listeners;
  FileHandle file;  // while no thread has it
  Error errored;
  std::uint64_t moved = 0;  // bytes
  std::size_t owed = 0;     // what is queued and may be emitted
  bool (*goes_on_by_itself)(const FileState&) noexcept = nullptr;
  void (*data_added)(FileState&) = nullptr;
  void (*before_close)(FileState&) = nullptr;  // calls whom nobody has called yet
  Position<FilePhase> phase{};
  JobState<FileStep>* under_way_at = nullptr;  // the job, as long as a thread has the file
  std::uint32_t begun_in = 0;                  // the process whose thread has the file
  bool busy = false;                           // a thread has it
  bool close_expected = false;
  bool kept_by_loop = false;  // until 'close' was emitted
};

/// The threads that read and write files: the process's own, made when there is the first, and never joined.
NET_API WorkerPool& file_pool();

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#include <net/detail/file/state.ipp>

#endif
