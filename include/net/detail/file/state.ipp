// The bodies of state.hpp. Internal.
#ifndef NET_DETAIL_FILE_STATE_IPP
#define NET_DETAIL_FILE_STATE_IPP

#include <net/detail/file/state.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API WorkerPool& file_pool() {
  static WorkerPool& pool = *new WorkerPool(4);
  return pool;
}

NET_API FileState::FileState(LoopCore& core, const Operations& table, std::string&& name)
    : Handle(core, table), path(std::move(name)) {
  loop->closing().expect();  // its 'close' needs no memory
  close_expected = kept_by_loop = true;
  retain();
}

NET_API void FileState::start(FileStep&& step, FileRun run, Done done) {
  or_give_up(*this, [&] {
    const Ref<JobState<FileStep>> job(new JobState<FileStep>(*loop));
    job->again_in_child = false;
    job->ask([self = Ref<FileState>(this), done](JobOutcome<FileStep>& outcome, bool) {
      self->busy = false;
      if (!outcome.result) return self->give_up();
      self->file = std::move((*outcome.result).file);
      or_give_up(*self, [&] { done(*self, *outcome.result); });
    });
    begun_in = Machine::fork_count();
    under_way_at = job.get();
    step.file = std::move(file);
    busy = file_pool().begin(*job, FileWork{std::move(step), run});
    if (!busy) destroy(system_failure(EAGAIN, "pthread_create"));
  });
}

NET_API FileStep* FileState::come_back(bool quick) noexcept {
  WorkItem* const item = under_way_at->work;
  if (!item || !file_pool().bring_home(*item, quick)) return nullptr;
  auto& result = static_cast<Work<FileStep, FileWork>&>(*item).outcome.result;
  return result ? &*result : nullptr;
}

NET_API Error FileState::failure(int number, const char* syscall) const {
  return address_failure(number, syscall, path, 0);
}

NET_API bool FileState::opened(int failed) {
  if (is_over(failed, "open")) return false;
  phase.move_to(FilePhase::open);
  return true;
}

NET_API bool FileState::is_over(std::ptrdiff_t result, const char* syscall) {
  if (phase == FilePhase::closing) {
    close();
  } else if (result < 0) {
    destroy(failure(static_cast<int>(-result), syscall));
  }
  return destroyed();
}

/// The file is closed when no thread has it; 'error', if there is one, comes before 'close'.
NET_API void FileState::destroy(const Error& error) {
  if (destroyed() || !loop) return;
  if (error) {
    tick([](FileState& self) {
      if (!self.emit_event<file_error>(self.errored)) throw_error(self.errored);
    });
    errored = error;
  }
  phase.move_to(FilePhase::closing);
  if (!busy) close();
}

NET_API bool FileState::is_mine_after_fork() {
  if (!busy || begun_in == Machine::fork_count()) return true;
  destroy(make_error(Errc::ERR_ABORTED, "The process was forked while a thread had this file"));
  return false;
}

NET_API void FileState::close() noexcept {
  (void)file.close();
  if (!detail::exchange(close_expected, false)) return;
  ++owed;
  loop->closing().push_expected({Ref<Handle>(this), job_of_close});
}

NET_API void FileState::close_now() {
  if (before_close) {
    // whatever is thrown here, 'close' comes
    Place<Job> place(loop->closing());  // from which this step has just come
    AgainOnThrow again(*this, job_of_close, place);
    before_close(*this);
    again.passed = true;
  }
  struct Settle {
    FileState& self;
    ~Settle() { self.settle(); }
  } const settle{*this};
  phase.move_to(FilePhase::closed);
  emit_event<file_close>();
}

/// S32.5: without the memory for what comes next it is closed, and of its events only 'close' is left.
NET_API void FileState::give_up() noexcept {
  if (is_over()) return;
  if (!destroyed()) phase.move_to(FilePhase::closing);
  if (!busy) close();
}

/// After 'close', or with the loop: whatever the user has put in goes, and nothing is emitted any more.
NET_API void FileState::drop_all() noexcept {
  if (phase != FilePhase::closed) phase.move_to(FilePhase::closed);
  (void)file.close();
  listeners.clear();
  if (detail::exchange(kept_by_loop, false)) release();
}

NET_API void FileState::settle() noexcept {
  if (--owed == 0 && phase == FilePhase::closed) operations->abandon(*this);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
