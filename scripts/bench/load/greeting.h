// The first message of every connection, from client to server: which client this is, and what it wants of
// the server. A greeting arrives whole, because 64 bytes into an empty connection are one segment, and no
// proxy splits it.
#pragma once
#include <cstdint>

#include "spec.h"

constexpr uint64_t kGreetingBytes = 64;

struct Greeting {
  uint64_t magic;
  uint64_t run;
  uint64_t request_bytes, response_bytes;
  int32_t slot;  // -1: a `connect` group
  uint32_t group;
  Kind kind;
  bool down;
  bool is_paced;
  bool is_held_back;
};

void send_greeting(int fd, Greeting greeting);
Greeting receive_greeting(int fd);
