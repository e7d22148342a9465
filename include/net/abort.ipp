// The bodies of abort.hpp. Internal.
#ifndef NET_ABORT_IPP
#define NET_ABORT_IPP

#include <net/abort.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API constexpr Handle::Operations AbortHook::table{
    [](Handle& handle) noexcept { delete static_cast<AbortHook*>(&handle); },
    [](Handle& handle) noexcept { static_cast<AbortHook&>(handle).take_off(); }};

NET_API constexpr AbortState::Operations AbortState::table{
    [](AbortState& self) noexcept { delete &self; },
    [](AbortState& self, LoopCore& loop, AbortCall callback) { return self.attach_hook(loop, callback); },
    [](AbortState& self, AbortState& other) {
      const Ref<AbortState> both(new AbortState);
      both->follow(self);
      both->follow(other);
      return both;
    }};

NET_API AbortWatch AbortState::attach_hook(LoopCore& loop, AbortCall callback) {
  if (aborted.load() != 0) return {};
  // whoever aborts, and wherever, needs no memory for it
  struct MailboxPlace {
    Mailbox* home;
    explicit MailboxPlace(Mailbox& mailbox) : home(&mailbox) { mailbox.expect(); }
    ~MailboxPlace() {
      if (home) home->expect_no_more();
    }
  } place(loop.mailbox());
  const Ref<AbortHook> hook(new AbortHook(loop, callback));
  const LockGuard locked(mutex());
  if (begun) {
    aborted.store(1);
    return {};
  }
  attached.push({hook.get(), place.home});
  detail::exchange(place.home, nullptr)->retain();
  hook->retain();
  hook->signal = this;
  retain();
  return AbortWatch(*hook);
}

NET_API bool AbortState::remove(AbortHook& hook) noexcept {
  Mailbox* home = nullptr;
  {
    const LockGuard locked(mutex());
    std::size_t at = 0;
    while (at < attached.size() && attached[at].hook != &hook) ++at;
    if (at == attached.size()) return false;
    home = attached[at].home;
    attached.erase(at, at + 1);
  }
  home->expect_no_more();
  home->release();
  return true;
}

NET_API void AbortState::follow(AbortState& source) {
  const LockGuard locked(mutex());
  if (begun) return;
  if (source.begun) {
    begun = true;
    reason = source.reason;
    aborted.store(1);
    return;
  }
  sources.push(Ref<AbortState>(&source));
  source.followers.push(this);
}

NET_API void AbortState::abort(const Error& why) {
  // those that abort together are kept until each has told its hooks; one that throws does not stop the others
  struct Together {
    AbortState* first = nullptr;

    ~Together() {
      while (first) next()->post_all();
    }
    Ref<AbortState> next() noexcept {
      const Ref<AbortState> taken(first);
      first = taken->beside;
      taken->release();
      return taken;
    }
  } together;
  {
    const LockGuard locked(mutex());
    if (begun) return;
    retain();
    AbortState** last = &together.first;
    begin(why, last);
  }
  while (together.first) together.next()->deliver();
}

/// Under the lock, and without memory: this one and all that follow it stand in a row, each with a reference.
NET_API void AbortState::begin(const Error& why, AbortState**& last) noexcept {
  begun = true;
  reason = why;
  *last = this;
  last = &beside;
  for (AbortState* const follower : followers) {
    if (!follower->begun && follower->retain_if_owned()) follower->begin(why, last);
  }
}

/// One without owners is being destroyed, and waits for the lock.
NET_API bool AbortState::retain_if_owned() noexcept {
  std::size_t count = owners.load();
  while (count != 0) {
    if (owners.compare_exchange(count, count + 1)) return true;
  }
  return false;
}

NET_API Vec<AbortState::Attached> AbortState::take_attached() noexcept {
  const LockGuard locked(mutex());
  return std::move(attached);
}

NET_API void AbortState::deliver() {
  Vec<Attached> taken = take_attached();
  LoopCore* const current = LoopCore::current();
  Mailbox* const here = current ? &current->mailbox() : nullptr;
  // other loops first: whoever sees that it has aborted finds their callbacks posted
  for (const Attached& each : taken) {
    if (each.home != here) send(each);
  }
  aborted.store(1);
  // a hook that throws does not keep the others from firing: what is left then comes as a posted callback
  struct Rest {
    AbortState& self;
    Vec<Attached>& taken;
    Mailbox* here;
    std::size_t at = 0;

    ~Rest() {
      for (; at < taken.size(); ++at) {
        if (taken[at].home == here) self.send(taken[at]);
      }
    }
  } rest{*this, taken, here};
  while (rest.at < taken.size()) {
    const Attached next = taken[rest.at++];
    if (next.home != here) continue;
    next.home->expect_no_more();
    next.home->release();
    fire(*next.hook);
  }
}

NET_API void AbortState::post_all() noexcept {
  for (const Attached& each : take_attached()) send(each);
  aborted.store(1);
}

NET_API void AbortState::fire(AbortHook& hook) {
  if (!hook.signal) return;
  aborted.store(1);
  const Ref<AbortHook> alive(&hook);
  const AbortCall callback = detail::exchange(hook.callback, {});
  const Error why = reason;
  hook.signal = nullptr;
  release();
  hook.release();
  if (callback.call) callback.call(callback.who, why);
}

/// Takes the hook off; one to which a posted callback is already on the way is not called then.
NET_API void AbortHook::take_off() noexcept {
  callback = {};
  AbortState* const from = signal;
  if (!from) return;
  const bool listed = from->remove(*this);
  if (!listed && loop && !loop->leaving()) return;  // the posted callback gives the reference back
  signal = nullptr;
  from->release();
  release();
}

NET_API AbortState::~AbortState() {
  for (const Attached& each : attached) each.home->release();
  if (sources.empty()) return;
  const LockGuard locked(mutex());
  for (const Ref<AbortState>& source : sources) {
    Vec<AbortState*>& followers_of = source->followers;
    for (std::size_t i = followers_of.size(); i > 0; --i) {
      if (followers_of[i - 1] == this) followers_of.erase(i - 1, i);
    }
  }
}

NET_API Machine::Mutex& AbortState::mutex() {
  static Machine::Mutex& shared = *new Machine::Mutex;
  return shared;
}

NET_API void AbortState::send(const Attached& to) noexcept {
  to.home->post_expected([hook = to.hook, alive = Ref<AbortState>(this)] { alive->fire(*hook); });
  to.home->release();
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

namespace net::inline NET_ABI::inline NET_MACHINE {

NET_API AbortSignal AbortSignal::timeout(Duration after) {
  const detail::Ref<detail::AbortState> state(new detail::AbortState);
  net::setTimeout(
      [state] { state->abort(detail::make_error(Errc::ERR_TIMEOUT, "The operation was aborted due to timeout")); },
      after)
      .unref();
  return AbortSignal(state);
}

NET_API AbortSignal AbortSignal::any(std::initializer_list<AbortSignal> sources) {
  const detail::Ref<detail::AbortState> state(new detail::AbortState);
  for (const AbortSignal& signal : sources) {
    if (signal) state->follow(detail::Access::state(signal));
  }
  return AbortSignal(state);
}

NET_API bool AbortSignal::aborted() const noexcept { return state_ && state_->aborted.load() != 0; }

NET_API void AbortController::abort() const {
  state_->abort(detail::make_error(Errc::ERR_ABORTED, "This operation was aborted"));
}

}  // namespace net::inline NET_ABI::inline NET_MACHINE

#endif
#endif
