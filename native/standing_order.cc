#include "standing_order.h"

namespace millrace {

namespace {

// What one batch may carry before timers and promises get their turn. Beyond it events are only reported.
constexpr size_t kMostBytesPerBatch = 4 * 1024 * 1024;

}  // namespace

void StandingOrders::Start(const StandingOrder* orders, size_t count, Scratch scratch, Outcome* outcome) {
  orders_ = orders;
  count_ = count;
  scratch_ = scratch;
  outcome_ = outcome;
}

bool StandingOrders::CarryOut(Event* event) {
  // An end, an error or an urgent byte is TypeScript's to decide on.
  if ((event->readiness & ~kOut) != kIn || bytes_ >= kMostBytesPerBatch) return true;
  const auto source = static_cast<size_t>(event->fd);
  if (source >= count_ || orders_[source].sink == 0) return true;
  if (orders_[source].generation != event->generation) return true;
  const auto room = static_cast<int32_t>(scratch_.bytes);
  event->found = CopyThrough(event->fd, orders_[source].sink, room, 0, scratch_, outcome_);
  event->in = outcome_->in;
  event->out = outcome_->out;
  bytes_ += static_cast<size_t>(event->in);
  return (event->found & ~kSourceEmpty) == 0;
}

}  // namespace millrace
