// Copy offload. TypeScript tells the addon, for each fd, to copy what arrives at a source to a sink without
// asking. The addon copies while it collects a batch of events. It only counts a small message after which
// the source is empty. TypeScript reads the count when it needs it. The addon reports everything else, and
// TypeScript decides.
#ifndef MILLRACE_COPY_OFFLOAD_H_
#define MILLRACE_COPY_OFFLOAD_H_

#include <cstddef>
#include <cstdint>

#include "poller.h"
#include "transfer.h"

namespace millrace {

// One per fd, in an array shared with TypeScript.
struct OffloadedCopy {
  int32_t generation;  // for this watch of the fd and no other
  uint32_t sink_tell;  // the sink (0: nothing is offloaded), and the size from which a move is reported
};

// How `sink_tell` is divided: at which bit the size begins, and the unit of the size in bytes.
constexpr int kTellShift = 16;
constexpr int kTellUnit = 1024;

// What the addon moved and did not report. There is one per fd, shared too. It is apart, because most fds
// never need it.
struct Carried {
  int32_t bytes;      // moved and not reported; TypeScript takes them by writing 0
  uint32_t moved_at;  // when the last of them moved: ms of uv_hrtime, which wrap around
};

// What must be done about an event after the addon has, or has not, copied for it.
enum class Report {
  kNone,     // nothing: all was in order, and is counted
  kInBatch,  // TypeScript reads the event with the others
  kAtOnce,   // TypeScript must be called before the next event: `outcome` and scratch are in use
};

class CopyOffload {
 public:
  // `copies` and `carried` have `count` elements each.
  void Start(const OffloadedCopy* copies, Carried* carried, size_t count, Scratch scratch, Outcome* outcome);

  // Called before a batch is collected.
  void BeginBatch(uint64_t now_ns);

  // Copies for `event` if its fd is offloaded and it reports nothing but bytes. Writes the result into
  // `carried` if nobody must be told, otherwise into the event.
  Report CarryOut(Event* event);

 private:
  const OffloadedCopy* copies_ = nullptr;
  Carried* carried_ = nullptr;
  size_t count_ = 0;
  Scratch scratch_ = {nullptr, 0};
  Outcome* outcome_ = nullptr;
  size_t bytes_ = 0;
  uint32_t now_ = 0;
};

}  // namespace millrace

#endif  // MILLRACE_COPY_OFFLOAD_H_
