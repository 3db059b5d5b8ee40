// What a load consists of, from the client's command line: groups of connections with one behaviour each. It
// holds no state of a run.
#pragma once
#include <cstdint>
#include <vector>

#include "address.h"
#include "net.h"

enum class Kind : uint8_t {
  kIdle,     // connects, greets once, then sends nothing
  kBulk,     // one or both directions at full speed
  kRequest,  // request and response in turn
  kConnect,  // connects, one small exchange, closes, again
};

struct Group {
  Kind kind = Kind::kIdle;
  int connections = 1;
  bool is_late = false;  // connects only when told to
  bool up = false;       // bulk: client to server
  bool down = false;     // bulk: server to client
  uint64_t request_bytes = 64;
  uint64_t response_bytes = 64;
  // For requests. 0 sends the next request at once. Otherwise each connection sends one request in this time,
  // and is served before others.
  int64_t every_us = 0;
  // For bulk. After so many bytes the client reads no faster than the rate, which may be 0. 0 bytes: it is
  // never held back. A held back connection flows all the time, not only in windows.
  uint64_t hold_after_bytes = 0;
  uint64_t held_bytes_per_second = 0;

  bool is_held_back() const { return hold_after_bytes > 0; }
  bool is_paced() const { return every_us > 0; }
};

struct Spec {
  bool is_server = false;
  Address address;  // the server listens there, the client connects there
  const char* shared_path = nullptr;
  Look look = Look::kCount;
  std::vector<Group> groups;  // of the client
};

// Exits with 2 and a usage line on stderr if the arguments make no sense.
Spec parse_spec(int argc, char** argv);
