// Standing orders: TypeScript may leave word, per fd, that what arrives at a source is to be copied to a
// sink without asking. They are carried out while a batch of events is collected. A small message that found
// nothing but an emptied source is only counted here, and TypeScript reads the count when it wants to know;
// of everything else it is told, and decides.
#ifndef MILLRACE_STANDING_ORDER_H_
#define MILLRACE_STANDING_ORDER_H_

#include <cstddef>
#include <cstdint>

#include "poller.h"
#include "transfer.h"

namespace millrace {

// One per fd, in an array shared with TypeScript.
struct StandingOrder {
  int32_t generation;  // the order is for this watch of the fd and no other
  uint32_t sink_tell;  // the sink, 0 where there is no order; and the size of a move from which it is told
};

// How `sink_tell` is divided: at which bit the size begins, and in which unit (bytes) it is.
constexpr int kTellShift = 16;
constexpr int kTellUnit = 1024;

// What an order has moved, one per fd and shared, too; apart, so that who says nothing more costs no memory.
struct Carried {
  int32_t bytes;      // moved and not told; TypeScript takes them by writing 0
  uint32_t moved_at;  // when the last of them moved: ms of uv_hrtime, which wrap
};

// What is to be done about an event after its order, if there was one.
enum class Report {
  kNone,     // it was all in order, and counted
  kInBatch,  // TypeScript reads the event with the others
  kAtOnce,   // TypeScript must be called before the next event: `outcome` and scratch are in use
};

class StandingOrders {
 public:
  // `count` of `orders` and of `carried`.
  void Start(const StandingOrder* orders, Carried* carried, size_t count, Scratch scratch, Outcome* outcome);

  // Called before a batch is collected.
  void BeginBatch(uint64_t now_ns);

  // Carries out the order for `event`, if there is one and nothing but bytes was reported, and writes down
  // what came of it: in `carried` where nobody need be told, else in the event.
  Report CarryOut(Event* event);

 private:
  const StandingOrder* orders_ = nullptr;
  Carried* carried_ = nullptr;
  size_t count_ = 0;
  Scratch scratch_ = {nullptr, 0};
  Outcome* outcome_ = nullptr;
  size_t bytes_ = 0;
  uint32_t now_ = 0;
};

}  // namespace millrace

#endif  // MILLRACE_STANDING_ORDER_H_
