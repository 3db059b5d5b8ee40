#include "standing_order.h"

namespace millrace {

namespace {

// What one batch may carry before timers and promises get their turn. Beyond it events are only reported.
constexpr size_t kMostBytesPerBatch = 4 * 1024 * 1024;
// An order that has counted this much tells, long before its count could overflow.
constexpr int32_t kMostUntold = 1 << 30;
constexpr uint32_t kSinkBits = (1u << kTellShift) - 1;

bool IsToldOf(const StandingOrder& order, int32_t bytes) {
  return bytes >= static_cast<int32_t>(order.sink_tell >> kTellShift) * kTellUnit;
}

}  // namespace

void StandingOrders::Start(const StandingOrder* orders, Carried* carried, size_t count, Scratch scratch,
                           Outcome* outcome) {
  orders_ = orders;
  carried_ = carried;
  count_ = count;
  scratch_ = scratch;
  outcome_ = outcome;
}

void StandingOrders::BeginBatch(uint64_t now_ns) {
  bytes_ = 0;
  now_ = static_cast<uint32_t>(now_ns / 1000000);
}

Report StandingOrders::CarryOut(Event* event) {
  // An end, an error or an urgent byte is TypeScript's to decide on.
  if ((event->readiness & ~kOut) != kIn || bytes_ >= kMostBytesPerBatch) return Report::kInBatch;
  const auto source = static_cast<size_t>(event->fd);
  if (source >= count_) return Report::kInBatch;
  const StandingOrder& order = orders_[source];
  const auto sink = static_cast<int>(order.sink_tell & kSinkBits);
  if (sink == 0 || order.generation != event->generation) return Report::kInBatch;
  const auto room = static_cast<int32_t>(scratch_.bytes);
  event->found = CopyThrough(event->fd, sink, room, 0, scratch_, outcome_);
  event->in = outcome_->in;
  event->out = outcome_->out;
  bytes_ += static_cast<size_t>(event->in);
  if ((event->found & ~kSourceEmpty) != 0) return Report::kAtOnce;
  Carried& carried = carried_[source];
  if (event->found == 0 || IsToldOf(order, event->in) || carried.bytes >= kMostUntold)
    return Report::kInBatch;
  carried.bytes += event->in;
  carried.moved_at = now_;
  return Report::kNone;
}

}  // namespace millrace
