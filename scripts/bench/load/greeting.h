// The first message of every connection, client to server: which client this is.
#pragma once
#include <cstdint>

constexpr uint32_t kGreetingMagic = 0x6d696c6c;
constexpr uint64_t kGreetingBytes = 64;

struct Greeting {
  uint32_t magic;
  int32_t fd;
  uint32_t generation;
};

void send_greeting(int fd, const Greeting& greeting);
Greeting receive_greeting(int fd);
