// What a load consists of, as told on the command line: where to listen, where to connect, how long, and
// groups of connections with one behaviour each. Holds no state of a run.
#pragma once
#include <netinet/in.h>

#include <cstdint>
#include <vector>

enum class Kind : uint8_t {
  kIdle,     // connects, greets once, then says nothing
  kBulk,     // one or both directions as fast as they go
  kRequest,  // request and response in turn
  kConnect,  // connect, one small exchange, close, again
};

struct Group {
  Kind kind = Kind::kIdle;
  int connections = 1;
  bool is_late = false;  // connects when the window begins, and not before
  bool up = false;    // bulk: client to server
  bool down = false;  // bulk: server to client
  uint64_t request_bytes = 64;
  uint64_t response_bytes = 64;
  // Request: 0 sends the next request at once, otherwise one per this time and connection, served before
  // others.
  int64_t every_us = 0;
  // Bulk: what a client reads at most; 0 is no limit.
  uint64_t read_bytes_per_second = 0;

  bool is_slow_reader() const { return read_bytes_per_second > 0; }
  bool is_paced() const { return every_us > 0; }
};

struct Spec {
  sockaddr_in listen{};
  sockaddr_in connect{};
  int warm_ms = 0;
  int ms = 500;
  std::vector<Group> groups;
};

// Exits with 2 and a usage line on stderr when the arguments make no sense.
Spec parse_spec(int argc, char** argv);
