// Counts that several processes share. Each process maps the same memory. A robust mutex in this memory
// guards it (pthread_mutexattr_setrobust(3)): a process may be killed while it holds the mutex, and the next
// one repairs the table.
//
// No call waits for ever. If a process was stopped while it held the mutex, calls of other processes fail,
// and what these processes give back is given back later.
#ifndef MILLRACE_SHARED_COUNTS_H_
#define MILLRACE_SHARED_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "counts_table.h"

namespace millrace {

enum CountsRefusal : uint32_t { kNoRefusal = 0, kTooMany = 1, kTooFast = 2, kFullTable = 3 };

// One place that somebody asks for. TypeScript writes it and reads `entry` and `refusal`.
struct CountsWant {
  CountsKey key;
  uint32_t entry;
  // 0: any number.
  double most;
  // ns between two places. 0: no rate.
  double interval;
  // ns by which a burst may run ahead of the rate.
  double slack;
  uint32_t refusal;
};

// One source of a list, or one scope. TypeScript reads it.
struct CountsListed {
  uint8_t source[kSourceBytes];
  double held;
  double taken_per_second;
  double bytes;
  // See CountsEntry.
  double busy_until;
  double given;
};

struct CountsTime {
  int64_t now;
  uint32_t day;
};

class SharedCounts {
 public:
  SharedCounts() = default;
  ~SharedCounts() { Unmap(); }
  SharedCounts(const SharedCounts&) = delete;
  SharedCounts& operator=(const SharedCounts&) = delete;

  // Maps the table for the process number `process`. -errno: see counts_file.h. The fd may be closed
  // afterwards.
  int Map(int fd, uint32_t process);
  void Unmap();

  // Takes a place of all wants, or of none. Returns -1, or the index of the first want that refuses.
  int Take(CountsWant* wants, int count, CountsTime time);
  // -EBADF: this process does not hold the entry.
  int Leave(uint32_t entry) { return LeaveAs(entry, false); }
  // The same, and counts the place as given. No other process sees a state in between.
  int Give(uint32_t entry) { return LeaveAs(entry, true); }
  // Takes over a place that the last process holds for those that hand over to this table. The sum stays.
  // -ENOENT: it holds none.
  int Adopt(CountsWant* want);
  // False: there is no such entry.
  bool Look(const CountsKey& key, CountsTime time, CountsListed* row);
  // Adds what another table has counted. Without room for it, nothing happens.
  void Add(const CountsKey& key, int64_t busy_until, double bytes, CountsTime time);
  // Return the sums over all processes.
  double AddBytes(uint32_t entry, double bytes, uint32_t day);
  double Demand(uint32_t entry, uint32_t amount);
  // Gives back all that a process holds. It must be gone. -EBUSY: not now.
  int Reclaim(uint32_t process);
  // Lists sources of a scope from entry `from` on. Returns their number. `next` is where to go on. 0: this is
  // the end.
  int List(uint64_t scope, uint32_t from, CountsTime time, CountsListed* listed, int most, uint32_t* next);

 private:
  // What has to be done when the mutex can be had again.
  struct Owed {
    uint32_t entry;
    bool is_leave;
    bool is_given;
    double bytes;
    uint32_t day;
  };

  // False: another process does not let go of the mutex.
  bool Lock();
  void Unlock();
  void PayOwed();
  bool Holds(uint32_t entry) const;
  CountsRefusal Check(CountsWant* want, CountsTime time);
  void Hold(const CountsWant& want, CountsTime time);
  int LeaveAs(uint32_t entry, bool is_given);
  void Release(uint32_t entry, bool is_given);
  bool ReclaimIn(const CountsRoom& room, uint32_t process);
  void GiveBack(uint32_t entry, uint32_t process);
  double AddTo(uint32_t entry, double bytes, uint32_t day);
  void Read(const CountsEntry& entry, CountsTime time, CountsListed* row) const;

  void* memory_ = nullptr;
  size_t bytes_ = 0;
  uint32_t process_ = 0;
  CountsTable table_;
  // Whether the last try to lock waited in vain. Then the next one does not wait.
  bool is_stuck_ = false;
  std::vector<Owed> owed_;
};

}  // namespace millrace

#endif  // MILLRACE_SHARED_COUNTS_H_
