#include "counts_table.h"

#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

namespace millrace {

namespace {

// How many idle entries are looked at for one that can be forgotten. So a full table costs no more time than
// an empty one. src/limits/counts/own-entry.ts has the same number.
constexpr uint32_t kMostLookedAt = 64;
constexpr size_t kLine = 64;

constexpr size_t RoundUp(size_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

uint32_t BucketsFor(uint32_t entries) {
  uint32_t buckets = 16;
  while (buckets < entries && buckets < (1U << 31)) buckets *= 2;
  return buckets;
}

// Everything before it has happened before anything after it, for whoever looks after this process was
// killed. The processor does not reorder the stores of a thread that ended. Only the compiler could.
void Settle() { std::atomic_signal_fence(std::memory_order_seq_cst); }

uint64_t Mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

bool IsForgettable(const CountsEntry& entry, int64_t now, uint32_t day) {
  return entry.held == 0 && entry.given == 0 && entry.busy_until <= now &&
         (entry.bytes == 0 || entry.day != day);
}

}  // namespace

size_t CountsTable::BytesFor(uint32_t sources, uint32_t scopes, uint32_t processes) {
  const size_t entries = static_cast<size_t>(sources) + scopes;
  return RoundUp(sizeof(CountsHeader)) + RoundUp(BucketsFor(sources + scopes) * sizeof(uint32_t)) +
         RoundUp(entries * sizeof(CountsEntry)) + RoundUp(entries * processes * sizeof(CountsShare));
}

void CountsTable::Begin(void* memory, uint32_t sources, uint32_t scopes, uint32_t processes) {
  auto& header = *static_cast<CountsHeader*>(memory);
  // If the kernel has no random bytes yet, the secret is 0, and the table works as well. It is a system call
  // here, because glibc has getrandom(3) only since 2.25.
  if (syscall(SYS_getrandom, header.secret, sizeof(header.secret), GRND_NONBLOCK) < 0) header.secret[0] = 0;
  header.processes = processes;
  header.buckets = BucketsFor(sources + scopes);
  header.sources = CountsRoom{0, sources, 0, kNone, 0, kNone, kNone};
  header.scopes = CountsRoom{sources, scopes, 0, kNone, 0, kNone, kNone};
}

CountsTable::CountsTable(void* memory) : header_(static_cast<CountsHeader*>(memory)) {
  auto* bytes = static_cast<char*>(memory);
  const size_t entries = size();
  buckets_ = reinterpret_cast<uint32_t*>(bytes + RoundUp(sizeof(CountsHeader)));
  entries_ = reinterpret_cast<CountsEntry*>(reinterpret_cast<char*>(buckets_) +
                                            RoundUp(header_->buckets * sizeof(uint32_t)));
  shares_ = reinterpret_cast<CountsShare*>(reinterpret_cast<char*>(entries_) +
                                           RoundUp(entries * sizeof(CountsEntry)));
}

uint32_t* CountsTable::BucketOf(uint64_t scope, const uint8_t* source, bool is_source) const {
  uint64_t words[2];
  memcpy(words, source, sizeof(words));
  const uint64_t* secret = header_->secret;
  const uint64_t first = Mix(scope ^ secret[0], 0x9e3779b97f4a7c15 + is_source);
  const uint64_t hash = Mix(first ^ words[0] ^ secret[1], words[1] ^ secret[0] ^ 0xd6e8feb86659fd93);
  return &buckets_[Mix(hash ^ secret[1], 0xa0761d6478bd642f) & (header_->buckets - 1)];
}

uint32_t* CountsTable::BucketOf(uint32_t entry) const {
  return BucketOf(at(entry).scope, at(entry).source, IsSource(entry));
}

uint32_t CountsTable::Find(const CountsKey& key) const {
  for (uint32_t i = *BucketOf(key.scope, key.source, key.is_source != 0) - 1; i != kNone; i = at(i).next) {
    if (at(i).scope == key.scope && IsSource(i) == (key.is_source != 0) &&
        memcmp(at(i).source, key.source, kSourceBytes) == 0)
      return i;
  }
  return kNone;
}

uint32_t CountsTable::Add(const CountsKey& key, int64_t now, uint32_t day) {
  CountsRoom& room = RoomOf(key.is_source != 0);
  uint32_t added = TakeFree(&room);
  if (added == kNone) {
    const uint32_t forgotten = FindForgettable(&room, now, day);
    if (forgotten == kNone) return kNone;
    Remove(forgotten);
    added = TakeFree(&room);
  }
  CountsEntry& entry = at(added);
  entry = CountsEntry{};
  entry.scope = key.scope;
  memcpy(entry.source, key.source, kSourceBytes);
  Settle();
  entry.state = kNew;
  Link(added);
  return added;
}

uint32_t CountsTable::TakeFree(CountsRoom* room) const {
  if (room->first_free == kNone) return room->begun == room->most ? kNone : room->first + room->begun++;
  const uint32_t taken = room->first_free;
  room->first_free = at(taken).next;
  return taken;
}

// Entries that cannot be forgotten go to the end, so the next search sees others.
uint32_t CountsTable::FindForgettable(CountsRoom* room, int64_t now, uint32_t day) {
  const uint32_t most = room->idle_count < kMostLookedAt ? room->idle_count : kMostLookedAt;
  for (uint32_t looked = 0; looked < most; looked++) {
    const uint32_t idle = room->first_idle;
    if (IsForgettable(at(idle), now, day)) return idle;
    Wake(idle);
    Rest(idle);
  }
  return kNone;
}

void CountsTable::Wake(uint32_t woken) {
  CountsEntry& entry = at(woken);
  if (!entry.is_idle) return;
  CountsRoom& room = RoomOf(IsSource(woken));
  (entry.idle_before == kNone ? room.first_idle : at(entry.idle_before).idle_after) = entry.idle_after;
  (entry.idle_after == kNone ? room.last_idle : at(entry.idle_after).idle_before) = entry.idle_before;
  entry.is_idle = 0;
  room.idle_count--;
}

void CountsTable::Rest(uint32_t rested) {
  CountsEntry& entry = at(rested);
  if (entry.held > 0 || entry.is_idle) return;
  if (entry.state == kNew) return Remove(rested);
  CountsRoom& room = RoomOf(IsSource(rested));
  entry.idle_before = room.last_idle;
  entry.idle_after = kNone;
  (room.last_idle == kNone ? room.first_idle : at(room.last_idle).idle_after) = rested;
  room.last_idle = rested;
  entry.is_idle = 1;
  room.idle_count++;
}

void CountsTable::Remove(uint32_t removed) {
  Wake(removed);
  CountsEntry& entry = at(removed);
  Unlink(removed);
  Settle();
  entry.state = kFree;
  CountsRoom& room = RoomOf(IsSource(removed));
  entry.next = room.first_free;
  room.first_free = removed;
}

void CountsTable::Link(uint32_t entry) {
  uint32_t* bucket = BucketOf(entry);
  at(entry).next = *bucket - 1;
  *bucket = entry + 1;
}

void CountsTable::Unlink(uint32_t entry) {
  uint32_t* bucket = BucketOf(entry);
  if (*bucket == entry + 1) {
    *bucket = at(entry).next + 1;
    return;
  }
  uint32_t before = *bucket - 1;
  while (at(before).next != entry) before = at(before).next;
  at(before).next = at(entry).next;
}

void CountsTable::Repair() {
  memset(buckets_, 0, header_->buckets * sizeof(uint32_t));
  RepairRoom(&header_->sources);
  RepairRoom(&header_->scopes);
}

void CountsTable::RepairRoom(CountsRoom* room) {
  room->first_free = room->first_idle = room->last_idle = kNone;
  room->idle_count = 0;
  for (uint32_t i = room->first; i < room->first + room->begun; i++) {
    CountsEntry& entry = at(i);
    entry.is_idle = 0;
    entry.held = 0;
    for (uint32_t process = 0; process < header_->processes; process++) entry.held += share(i, process).held;
    if (entry.state == kFree || (entry.state == kNew && entry.held == 0)) {
      entry.state = kFree;
      entry.next = room->first_free;
      room->first_free = i;
      continue;
    }
    entry.state = kUsed;
    Link(i);
    Rest(i);
  }
}

}  // namespace millrace
