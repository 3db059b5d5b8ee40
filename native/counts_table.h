// The table of counts, in memory that several processes share: its layout, and how entries are found, added
// and forgotten. An entry is a scope, or a source in a scope. Whoever calls anything here holds the lock of
// shared_counts.h. src/limits/counts/own-counts.ts does the same in the memory of one process.
//
// A process can be killed at any instruction. So an entry's key, its state, and what each process holds of it
// are the truth. All else follows from them, and Repair makes it again: sums, chains and lists.
#ifndef MILLRACE_COUNTS_TABLE_H_
#define MILLRACE_COUNTS_TABLE_H_

#include <pthread.h>

#include <cstddef>
#include <cstdint>

namespace millrace {

constexpr size_t kSourceBytes = 16;

struct CountsKey {
  uint64_t scope;
  uint8_t source[kSourceBytes];
  // Whether this is a source in the scope, not the scope itself.
  uint32_t is_source;
};

enum EntryState : uint32_t {
  kFree = 0,
  // Added, but no place was ever taken. It is removed again, unless one is taken now.
  kNew = 1,
  kUsed = 2,
};

// Times are ns of CLOCK_MONOTONIC.
struct CountsEntry {
  uint64_t scope;
  uint8_t source[kSourceBytes];
  // When all places that were taken are paid for at the rate (generic cell rate algorithm, ITU-T I.371).
  int64_t busy_until;
  // Of the day `day`, in days since 1970.
  double bytes;
  uint32_t day;
  // The sum of what all processes hold.
  uint32_t held;
  EntryState state;
  // Places taken in the second `second`, and in the one before.
  uint32_t second;
  uint32_t taken;
  uint32_t taken_before;
  // The next entry of its chain, or of the free entries.
  uint32_t next;
  uint32_t is_idle;
  uint32_t idle_before;
  uint32_t idle_after;
  // Places of connections that another table counts by now: these were handed over with their places.
  uint32_t given;
};

// What one process has of an entry.
struct CountsShare {
  uint32_t held;
  uint32_t demand;
};

// The entries of one kind: sources, or scopes. They are `first` to `first + most - 1`. Those from `first +
// begun` on were never used, so their memory was never touched.
struct CountsRoom {
  uint32_t first;
  uint32_t most;
  uint32_t begun;
  uint32_t first_free;
  // Nobody holds these. The first one is idle for the longest time.
  uint32_t idle_count;
  uint32_t first_idle;
  uint32_t last_idle;
};

struct CountsHeader {
  uint64_t magic;
  pthread_mutex_t mutex;
  // The secret of the hash, so that nobody can choose sources that all have one chain.
  uint64_t secret[2];
  uint32_t processes;
  uint32_t buckets;
  CountsRoom sources;
  CountsRoom scopes;
};

class CountsTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The bytes that a table needs.
  static size_t BytesFor(uint32_t sources, uint32_t scopes, uint32_t processes);
  // Makes an empty table in zeroed memory of that size. Everything but the mutex.
  static void Begin(void* memory, uint32_t sources, uint32_t scopes, uint32_t processes);

  CountsTable() = default;
  explicit CountsTable(void* memory);

  CountsHeader& header() const { return *header_; }
  uint32_t size() const { return header_->sources.most + header_->scopes.most; }
  bool IsSource(uint32_t entry) const { return entry < header_->sources.most; }
  CountsEntry& at(uint32_t entry) const { return entries_[entry]; }
  CountsShare& share(uint32_t entry, uint32_t process) const {
    return shares_[static_cast<size_t>(entry) * header_->processes + process];
  }

  // kNone: there is none.
  uint32_t Find(const CountsKey& key) const;
  // Forgets another entry if there is no room. kNone: none can be forgotten.
  uint32_t Add(const CountsKey& key, int64_t now, uint32_t day);
  // The entry is about to be held, so it is not forgotten.
  void Wake(uint32_t entry);
  // If nobody holds the entry, it can be forgotten from now on. If no place was ever taken, it is removed.
  void Rest(uint32_t entry);
  // Makes all that follows from the keys, the states and the shares.
  void Repair();

 private:
  CountsRoom& RoomOf(bool is_source) const { return is_source ? header_->sources : header_->scopes; }
  uint32_t* BucketOf(uint64_t scope, const uint8_t* source, bool is_source) const;
  uint32_t* BucketOf(uint32_t entry) const;
  uint32_t TakeFree(CountsRoom* room) const;
  uint32_t FindForgettable(CountsRoom* room, int64_t now, uint32_t day);
  void Link(uint32_t entry);
  void Unlink(uint32_t entry);
  void Remove(uint32_t entry);
  void RepairRoom(CountsRoom* room);

  CountsHeader* header_ = nullptr;
  // The first entry of each chain, plus 1. 0: there is none. So a new table has only zeros, and takes no
  // memory before it is used.
  uint32_t* buckets_ = nullptr;
  CountsEntry* entries_ = nullptr;
  CountsShare* shares_ = nullptr;
};

}  // namespace millrace

#endif  // MILLRACE_COUNTS_TABLE_H_
