// What the two processes of the load generator know of each other: counters in memory they share. Each
// counter has one writer. The server makes the file, the client opens it.
#pragma once
#include <atomic>
#include <cstdint>

constexpr uint64_t kMostGroups = 8;
constexpr uint64_t kMostSlots = 1u << 16;

// Bytes of one lasting connection, found by its client's fd. Greetings are not counted.
struct Slot {
  std::atomic<uint64_t> client_sent, client_received, server_sent, server_received;
};

struct Progress {
  std::atomic<uint64_t> bytes[kMostGroups];  // that arrived here
  std::atomic<int64_t> last_ns;              // when the last of them did
  std::atomic<int64_t> open;                 // connections
};

struct Shared {
  uint64_t run;  // told by every greeting: a stray connection cannot count
  Progress client, server;
  std::atomic<uint64_t> heard;          // greetings the server has taken
  std::atomic<uint64_t> closed_window;  // the last window in which the server stopped sending bulk
  std::atomic<bool> is_ending;          // the server has stopped sending to readers that are held back, too
  Slot slots[kMostSlots];
};

Shared* make_shared_file(const char* path);
Shared* open_shared_file(const char* path);
