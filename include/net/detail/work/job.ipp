// The bodies of job.hpp. Internal.
#ifndef NET_DETAIL_WORK_JOB_IPP
#define NET_DETAIL_WORK_JOB_IPP

#include <net/detail/work/job.hpp>

#if NET_BODIES

#include <net/detail/base/exchange.hpp>

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void WorkRef::send_home() && noexcept {
  Mailbox* const mailbox = item_->mailbox;
  mailbox->retain();
  item_->home_expected = false;
  Atomic<int>& place = item_->place;
  mailbox->post_expected([home = std::move(*this)] { home->operations->finish(*home); },
                         [&place] { place.store(WorkItem::at_home); });
  mailbox->release();
}

NET_API void WorkList::push(WorkRef work) noexcept {
  WorkItem* const item = detail::exchange(work.item_, nullptr);
  item->next = nullptr;
  item->link = end_;
  *end_ = item;
  end_ = &item->next;
  ++size_;
}

NET_API WorkRef WorkList::take(WorkItem& item) noexcept {
  *item.link = item.next;
  (item.next ? item.next->link : end_) = item.link;
  --size_;
  return WorkRef(&item);
}

/// Its function may have been copied while a thread was changing it, so nothing of it is destroyed. It stays in a list,
/// where leak checkers find it.
NET_API void leave_to_parent(WorkItem& item) noexcept {
  if (item.place.load() == WorkItem::waiting) return item.pool->withdraw(item);
  static constinit Atomic<WorkItem*> left{nullptr};
  item.operations->leave(item);
  item.next = left.exchange(&item);
}

NET_API WorkRef::~WorkRef() {
  if (item_) item_->operations->destroy(*item_);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
