// Standing orders: TypeScript may leave word, per fd, that what arrives at a source is to be copied to a
// sink without asking. They are carried out while a batch of events is collected, before TypeScript is
// called, so a small message costs one line of the batch and no call. Whoever left the order decides
// everything else.
#ifndef MILLRACE_STANDING_ORDER_H_
#define MILLRACE_STANDING_ORDER_H_

#include <cstddef>
#include <cstdint>

#include "poller.h"
#include "transfer.h"

namespace millrace {

// One per fd, in an array shared with TypeScript. Descriptor 0 as sink means that there is no order.
struct StandingOrder {
  int32_t generation;  // the order is for this watch of the fd and no other
  int32_t sink;
};

class StandingOrders {
 public:
  void Start(const StandingOrder* orders, size_t count, Scratch scratch, Outcome* outcome);

  // Called before a batch is collected.
  void BeginBatch() { bytes_ = 0; }

  // Carries out the order for `event`, if there is one and nothing but bytes was reported, and writes down
  // what came of it. False when TypeScript must be called before the next event: `outcome` and scratch are in
  // use.
  bool CarryOut(Event* event);

 private:
  const StandingOrder* orders_ = nullptr;
  size_t count_ = 0;
  Scratch scratch_ = {nullptr, 0};
  Outcome* outcome_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace millrace

#endif  // MILLRACE_STANDING_ORDER_H_
