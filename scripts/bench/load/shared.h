// What the two processes of the load generator know about each other: counters in memory that they share.
// Each counter has one writer. The server makes the file, the client opens it.
#pragma once
#include <atomic>
#include <cstdint>

constexpr uint64_t kMostGroups = 8;
constexpr uint64_t kMostSlots = 1u << 16;

// Bytes of one lasting connection, found by its client's fd. Greetings do not count.
struct Slot {
  std::atomic<uint64_t> client_sent, client_received, server_sent, server_received;
};

struct Progress {
  std::atomic<uint64_t> bytes[kMostGroups];  // arrived here
  std::atomic<int64_t> last_ns;              // when the last of them arrived
  std::atomic<int64_t> open;                 // connections
};

struct Shared {
  uint64_t run;  // in every greeting, so stray connections do not count
  Progress client, server;
  std::atomic<uint64_t> heard;          // greetings the server has taken
  std::atomic<uint64_t> closed_window;  // the last window in which the server stopped sending bulk
  std::atomic<bool> is_ending;          // the server no longer sends, even to held back readers
  Slot slots[kMostSlots];
};

Shared* make_shared_file(const char* path);
Shared* open_shared_file(const char* path);
