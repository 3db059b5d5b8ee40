#include "copy_offload.h"

namespace millrace {

namespace {

// The bytes that one batch may carry before timers and promises get their turn. After that, events are only
// reported.
constexpr size_t kMostBytesPerBatch = 4 * 1024 * 1024;
// A copy that has counted this much reports, long before its count could overflow.
constexpr int32_t kMostUntold = 1 << 30;
constexpr uint32_t kSinkBits = (1u << kTellShift) - 1;

bool IsToldOf(const OffloadedCopy& copy, int32_t bytes) {
  return bytes >= static_cast<int32_t>(copy.sink_tell >> kTellShift) * kTellUnit;
}

}  // namespace

void CopyOffload::Start(const OffloadedCopy* copies, Carried* carried, size_t count, Scratch scratch,
                        Outcome* outcome) {
  copies_ = copies;
  carried_ = carried;
  count_ = count;
  scratch_ = scratch;
  outcome_ = outcome;
}

void CopyOffload::BeginBatch(uint64_t now_ns) {
  bytes_ = 0;
  now_ = static_cast<uint32_t>(now_ns / 1000000);
}

Report CopyOffload::CarryOut(Event* event) {
  // TypeScript decides about an end, an error or an urgent byte.
  if ((event->readiness & ~kOut) != kIn || bytes_ >= kMostBytesPerBatch) return Report::kInBatch;
  const auto source = static_cast<size_t>(event->fd);
  if (source >= count_) return Report::kInBatch;
  const OffloadedCopy& copy = copies_[source];
  const auto sink = static_cast<int>(copy.sink_tell & kSinkBits);
  if (sink == 0 || copy.generation != event->generation) return Report::kInBatch;
  const auto room = static_cast<int32_t>(scratch_.bytes);
  event->found = CopyThrough(event->fd, sink, room, 0, scratch_, outcome_);
  event->in = outcome_->in;
  event->out = outcome_->out;
  bytes_ += static_cast<size_t>(event->in);
  if ((event->found & ~kSourceEmpty) != 0) return Report::kAtOnce;
  Carried& carried = carried_[source];
  if (event->found == 0 || IsToldOf(copy, event->in) || carried.bytes >= kMostUntold) return Report::kInBatch;
  carried.bytes += event->in;
  carried.moved_at = now_;
  return Report::kNone;
}

}  // namespace millrace
