// The bodies of lookup.hpp. Internal.
#ifndef NET_DETAIL_CONNECT_LOOKUP_IPP
#define NET_DETAIL_CONNECT_LOOKUP_IPP

#include <net/detail/connect/lookup.hpp>

#if NET_BODIES

#include <net/detail/base/lock_guard.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations LookupState::table{
    [](Handle& handle) noexcept { delete static_cast<LookupState*>(&handle); },
    [](Handle& handle) noexcept { static_cast<LookupState&>(handle).abandon(); },
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    [](Handle& handle) {
      if (auto& self = static_cast<LookupState&>(handle); self.callback) self.ask();
    }};

NET_RARE void Question::ask_system() {
  Vec<Endpoint> ends;
  failed = Machine::look_up(name, options.family, options.hints, ends);
  found.reserve(ends.size());
  for (const Endpoint& end : ends) found.push({endpoint_text(end), end.ip.family});
}

NET_RARE void Question::find() {
#if defined(__cpp_exceptions)
  try {
    ask_system();
  } catch (...) {
    found.clear();
    failed = Errc::ERR_LOOKUP_NO_MEMORY;
  }
#else
  ask_system();
#endif
}

NET_API ResolverPool& ResolverPool::instance() {
  static constinit Atomic<ResolverPool*> pool{nullptr};
  ResolverPool* shared = pool.load();
  while (!shared || shared->made_in_ != Machine::fork_count()) {
    auto* const fresh = new ResolverPool;
    if (pool.compare_exchange(shared, fresh)) return *fresh;
    delete fresh;
  }
  return *shared;
}

NET_API bool ResolverPool::submit(Question& question) noexcept {
  const LockGuard locked(mutex_);
  // one that was woken is idle until it runs: those who wait already will take it
  if (idle_ <= waiting_questions_ && threads_ < max_threads &&
      Machine::start_thread([](void* pool) { static_cast<ResolverPool*>(pool)->work(); }, this)) {
    ++threads_;
    Machine::count_in_resolver(1);
  }
  if (threads_ == 0) return false;
  (last_ ? last_->next : first_) = &question;
  last_ = &question;
  ++waiting_questions_;
  waiting_.wake_one();
  return true;
}

NET_API void LookupState::ask() {
  std::string name;
  const int wrong = to_ascii_host(host, name) ? 0 : EINVAL;
  PostedAnswer posted(new Question(*this, loop->mailbox(), std::move(name), options));
  ResolverPool& pool = ResolverPool::instance();
  loop->mailbox().expect();
  refused = wrong != 0 ? wrong : pool.submit(*posted.question) ? 0 : EAGAIN;
  retain();
  ++questions;
  if (refused == 0) {
    posted.question = nullptr;  // the pool's
  } else {
    loop->mailbox().post_expected(Callback(std::move(posted)));  // from the loop, like any other answer
  }
}

NET_API void LookupState::answer(const Question& question) {
  const Ref<LookupState> alive(this);
  --questions;
  release();
  if (!callback) return;
  const Done done = std::move(callback);
  loop->keep_alive(false);
  done(LookupAnswer(*this, question));
}

NET_RARE Error LookupAnswer::error() const {
  if (asked_.refused != 0) return lookup_failure(asked_.refused, asked_.host);
  return question_.failed == Errc{} ? no_error() : lookup_failure(question_.failed, asked_.host);
}

NET_API void LookupState::abandon() noexcept {
  callback.reset();
  while (questions > 0) {
    --questions;
    release();
  }
}

NET_RARE void ResolverPool::work() noexcept {
  mutex_.lock();
  for (;;) {
    while (!first_) {
      ++idle_;
      Machine::count_in_resolver(-1);
      waiting_.wait(mutex_);
      Machine::count_in_resolver(1);
      --idle_;
    }
    Question& question = *first_;
    first_ = question.next;
    if (!first_) last_ = nullptr;
    --waiting_questions_;
    mutex_.unlock();
    question.find();
    Mailbox& home = *question.home;
    home.retain();  // the posted callback may be the last that knows it
    home.post_expected(Callback(LookupState::PostedAnswer(&question)));
    home.release();
    mutex_.lock();
  }
}

NET_API void look_up(LoopCore& loop, std::string host, LookupOptions options, LookupState::Done done) {
  const Ref<LookupState> state(new LookupState(loop, std::move(host), options));
  state->callback = std::move(done);
  state->ask();
  loop.keep_alive(true);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
