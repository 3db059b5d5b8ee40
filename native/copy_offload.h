// Copy offload: TypeScript tells the addon, per fd, to copy what arrives at a source to a sink without
// asking. The addon does so while it collects a batch of events. A small message that found nothing but an
// emptied source is only counted here, and TypeScript reads the count when it wants to know. TypeScript is
// told of everything else, and decides.
#ifndef MILLRACE_COPY_OFFLOAD_H_
#define MILLRACE_COPY_OFFLOAD_H_

#include <cstddef>
#include <cstdint>

#include "poller.h"
#include "transfer.h"

namespace millrace {

// One per fd, in an array shared with TypeScript.
struct OffloadedCopy {
  int32_t generation;  // it is for this watch of the fd and no other
  uint32_t sink_tell;  // the sink, 0 where nothing is offloaded; and the size of a move from which it is told
};

// How `sink_tell` is divided: at which bit the size begins, and in which unit (bytes) it is.
constexpr int kTellShift = 16;
constexpr int kTellUnit = 1024;

// What the addon has moved and not told, one per fd and shared, too. Apart, because most fds never need it.
struct Carried {
  int32_t bytes;      // moved and not told; TypeScript takes them by writing 0
  uint32_t moved_at;  // when the last of them moved: ms of uv_hrtime, which wrap
};

// What is to be done about an event after the addon has copied for it, if it has.
enum class Report {
  kNone,     // it was all in order, and counted
  kInBatch,  // TypeScript reads the event with the others
  kAtOnce,   // TypeScript must be called before the next event: `outcome` and scratch are in use
};

class CopyOffload {
 public:
  // `count` of `copies` and of `carried`.
  void Start(const OffloadedCopy* copies, Carried* carried, size_t count, Scratch scratch, Outcome* outcome);

  // Called before a batch is collected.
  void BeginBatch(uint64_t now_ns);

  // Copies for `event`, if that is offloaded and nothing but bytes was reported, and writes down
  // what came of it: in `carried` where nobody need be told, else in the event.
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
