// The bodies of job.hpp. Internal.
#ifndef NET_DETAIL_WORK_JOB_IPP
#define NET_DETAIL_WORK_JOB_IPP

#include <net/detail/work/job.hpp>

#if NET_BODIES

namespace net::inline NET_ABI::detail::inline NET_MACHINE {

NET_API void WorkRef::send_home() && noexcept {
  Mailbox* const mailbox = item_->mailbox;
  mailbox->retain();
  item_->home_expected = false;
  mailbox->post_expected([home = std::move(*this)] { home->operations->finish(*home); });
  mailbox->release();
}

NET_API WorkRef::~WorkRef() {
  if (item_) item_->operations->destroy(*item_);
}

}  // namespace net::inline NET_ABI::detail::inline NET_MACHINE

#endif
#endif
