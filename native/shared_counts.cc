#include "shared_counts.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cstring>

#include "counts_file.h"

namespace millrace {

namespace {

// A process holds the mutex for less than a microsecond, and for some ms if it repairs the table. After this
// time it was stopped, or has not run for so long that waiting would only stop this process too.
constexpr long kMostWaitNs = 100'000'000;
constexpr long kNsPerSecond = 1'000'000'000;
// Clocks of processes differ by less. A slower rate that held before may have left a longer wait than the
// present one can. src/limits/counts/rate.ts has the same number.
constexpr int64_t kClocksDifferNs = 1'000'000'000;
// Entries that one hold of the mutex covers. 4096 take about 10 microseconds.
constexpr uint32_t kEntriesPerHold = 4096;

int WaitForMutex(pthread_mutex_t* mutex) {
  timespec until = {};
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += kMostWaitNs;
  if (until.tv_nsec >= kNsPerSecond) {
    until.tv_nsec -= kNsPerSecond;
    until.tv_sec++;
  }
  return pthread_mutex_timedlock(mutex, &until);
}

uint32_t SecondOf(int64_t now) { return static_cast<uint32_t>(now / kNsPerSecond); }

// What was taken before the second `second`, if that is the second after the last one that was counted.
uint32_t TakenBefore(const CountsEntry& entry, uint32_t second) {
  return second == entry.second + 1 ? entry.taken : 0;
}

void CountTaken(CountsEntry* entry, int64_t now) {
  const uint32_t second = SecondOf(now);
  if (second != entry->second) {
    entry->taken_before = TakenBefore(*entry, second);
    entry->taken = 0;
    entry->second = second;
  }
  entry->taken++;
}

// As if the places of the second before had been taken at regular times.
double TakenPerSecond(const CountsEntry& entry, int64_t now) {
  const uint32_t second = SecondOf(now);
  const bool is_same = second == entry.second;
  const uint32_t before = is_same ? entry.taken_before : TakenBefore(entry, second);
  const double left = 1 - static_cast<double>(now % kNsPerSecond) / static_cast<double>(kNsPerSecond);
  const auto rounded = static_cast<int64_t>(before * left + 0.5);
  return static_cast<double>((is_same ? entry.taken : 0) + rounded);
}

double BytesOf(const CountsEntry& entry, uint32_t day) { return entry.day == day ? entry.bytes : 0; }

}  // namespace

int SharedCounts::Map(int fd, uint32_t process) {
  if (memory_ != nullptr) return -EALREADY;
  const int error = MapCountsFile(fd, process, &memory_, &bytes_);
  if (error < 0) return error;
  process_ = process;
  table_ = CountsTable(memory_);
  return 0;
}

void SharedCounts::Unmap() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
  memory_ = nullptr;
}

bool SharedCounts::Lock() {
  if (memory_ == nullptr) return false;
  pthread_mutex_t* mutex = &table_.header().mutex;
  int error = pthread_mutex_trylock(mutex);
  if (error == EBUSY && !is_stuck_) error = WaitForMutex(mutex);
  if (error == EOWNERDEAD) {
    table_.Repair();
    error = pthread_mutex_consistent(mutex);
  }
  is_stuck_ = error != 0;
  if (is_stuck_) return false;
  PayOwed();
  return true;
}

void SharedCounts::Unlock() { pthread_mutex_unlock(&table_.header().mutex); }

void SharedCounts::PayOwed() {
  for (const Owed& owed : owed_) {
    if (!Holds(owed.entry)) continue;
    if (owed.is_leave)
      Release(owed.entry, owed.is_given);
    else
      AddTo(owed.entry, owed.bytes, owed.day);
  }
  owed_.clear();
}

bool SharedCounts::Holds(uint32_t entry) const {
  return entry < table_.size() && table_.share(entry, process_).held > 0;
}

int SharedCounts::Take(CountsWant* wants, int count, CountsTime time) {
  if (!Lock()) {
    wants[0].refusal = kFullTable;
    return 0;
  }
  int refused = -1;
  int checked = 0;
  while (checked < count && refused < 0) {
    wants[checked].refusal = Check(&wants[checked], time);
    if (wants[checked].refusal != kNoRefusal) refused = checked;
    checked++;
  }
  for (int i = 0; i < checked; i++) {
    if (refused < 0)
      Hold(wants[i], time);
    else if (wants[i].entry != CountsTable::kNone)
      table_.Rest(wants[i].entry);
  }
  Unlock();
  return refused;
}

// Finds the entry or adds it. Until it is held or rests, no other one is added in its place.
CountsRefusal SharedCounts::Check(CountsWant* want, CountsTime time) {
  want->entry = table_.Find(want->key);
  if (want->entry == CountsTable::kNone) want->entry = table_.Add(want->key, time.now, time.day);
  if (want->entry == CountsTable::kNone) return kFullTable;
  table_.Wake(want->entry);
  CountsEntry& entry = table_.at(want->entry);
  if (want->most > 0 && entry.held >= want->most) return kTooMany;
  if (want->interval == 0) return kNoRefusal;
  const auto slack = static_cast<int64_t>(want->slack);
  const int64_t longest = slack + static_cast<int64_t>(want->interval) + kClocksDifferNs;
  entry.busy_until = std::min(entry.busy_until, time.now + longest);
  return entry.busy_until - time.now <= slack ? kNoRefusal : kTooFast;
}

void SharedCounts::Hold(const CountsWant& want, CountsTime time) {
  CountsEntry& entry = table_.at(want.entry);
  table_.share(want.entry, process_).held++;
  entry.held++;
  entry.state = kUsed;
  CountTaken(&entry, time.now);
  if (want.interval > 0)
    entry.busy_until = std::max(entry.busy_until, time.now) + static_cast<int64_t>(want.interval);
}

int SharedCounts::LeaveAs(uint32_t entry, bool is_given) {
  if (memory_ == nullptr || !Holds(entry)) return -EBADF;
  if (!Lock()) {
    owed_.push_back(Owed{entry, true, is_given, 0, 0});
    return 0;
  }
  Release(entry, is_given);
  Unlock();
  return 0;
}

int SharedCounts::Adopt(CountsWant* want) {
  if (!Lock()) return -EBUSY;
  const uint32_t last = table_.header().processes - 1;
  const uint32_t found = table_.Find(want->key);
  const bool is_held = found != CountsTable::kNone && last != process_ && table_.share(found, last).held > 0;
  if (is_held) {
    want->entry = found;
    table_.share(found, process_).held++;
    table_.share(found, last).held--;
  }
  Unlock();
  return is_held ? 0 : -ENOENT;
}

void SharedCounts::Release(uint32_t entry, bool is_given) {
  if (is_given) table_.at(entry).given++;
  CountsShare& share = table_.share(entry, process_);
  share.held--;
  if (share.held == 0) share.demand = 0;
  table_.at(entry).held--;
  table_.Rest(entry);
}

bool SharedCounts::Look(const CountsKey& key, CountsTime time, CountsListed* row) {
  if (!Lock()) return false;
  const uint32_t entry = table_.Find(key);
  if (entry != CountsTable::kNone) Read(table_.at(entry), time, row);
  Unlock();
  return entry != CountsTable::kNone;
}

void SharedCounts::Read(const CountsEntry& entry, CountsTime time, CountsListed* row) const {
  memcpy(row->source, entry.source, kSourceBytes);
  row->held = entry.held;
  row->taken_per_second = TakenPerSecond(entry, time.now);
  row->bytes = BytesOf(entry, time.day);
  row->busy_until = static_cast<double>(entry.busy_until);
  row->given = entry.given;
}

void SharedCounts::Add(const CountsKey& key, int64_t busy_until, double bytes, CountsTime time) {
  if (!Lock()) return;
  uint32_t added = table_.Find(key);
  if (added == CountsTable::kNone) added = table_.Add(key, time.now, time.day);
  if (added != CountsTable::kNone) {
    CountsEntry& entry = table_.at(added);
    entry.state = kUsed;
    entry.busy_until = std::max(entry.busy_until, busy_until);
    AddTo(added, bytes, time.day);
    table_.Rest(added);
  }
  Unlock();
}

double SharedCounts::AddBytes(uint32_t entry, double bytes, uint32_t day) {
  if (memory_ == nullptr || !Holds(entry)) return 0;
  if (!Lock()) {
    owed_.push_back(Owed{entry, false, false, bytes, day});
    return BytesOf(table_.at(entry), day);
  }
  const double sum = AddTo(entry, bytes, day);
  Unlock();
  return sum;
}

double SharedCounts::AddTo(uint32_t added, double bytes, uint32_t day) {
  CountsEntry& entry = table_.at(added);
  entry.bytes = BytesOf(entry, day) + bytes;
  entry.day = day;
  return entry.bytes;
}

// Each process writes only its own demand. So this needs no mutex: the sum may be that of a moment ago.
double SharedCounts::Demand(uint32_t entry, uint32_t amount) {
  if (memory_ == nullptr || !Holds(entry)) return 0;
  __atomic_store_n(&table_.share(entry, process_).demand, amount, __ATOMIC_RELAXED);
  double sum = 0;
  for (uint32_t process = 0; process < table_.header().processes; process++)
    sum += __atomic_load_n(&table_.share(entry, process).demand, __ATOMIC_RELAXED);
  return sum;
}

int SharedCounts::Reclaim(uint32_t process) {
  if (memory_ == nullptr || process >= table_.header().processes) return -EINVAL;
  const bool is_done =
      ReclaimIn(table_.header().sources, process) && ReclaimIn(table_.header().scopes, process);
  return is_done ? 0 : -EBUSY;
}

bool SharedCounts::ReclaimIn(const CountsRoom& room, uint32_t process) {
  for (uint32_t from = 0; from < room.most; from += kEntriesPerHold) {
    if (!Lock()) return false;
    const uint32_t to = std::min(from + kEntriesPerHold, room.begun);
    for (uint32_t i = from; i < to; i++) GiveBack(room.first + i, process);
    Unlock();
  }
  return true;
}

void SharedCounts::GiveBack(uint32_t entry, uint32_t process) {
  CountsShare& share = table_.share(entry, process);
  if (share.held == 0) return;
  const uint32_t held = share.held;
  share = CountsShare{0, 0};
  table_.at(entry).held -= held;
  table_.Rest(entry);
}

int SharedCounts::List(uint64_t scope, uint32_t from, CountsTime time, CountsListed* listed, int most,
                       uint32_t* next) {
  int count = 0;
  *next = 0;
  if (!Lock()) return 0;
  const uint32_t begun = table_.header().sources.begun;
  const uint32_t to = std::min(from + kEntriesPerHold, begun);
  uint32_t i = from;
  for (; i < to && count < most; i++) {
    const CountsEntry& entry = table_.at(i);
    if (entry.state != kUsed || entry.scope != scope) continue;
    Read(entry, time, &listed[count++]);
  }
  if (i < begun) *next = i;
  Unlock();
  return count;
}

}  // namespace millrace
