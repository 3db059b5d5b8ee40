#include "greeting.h"

#include <errno.h>
#include <sys/socket.h>

#include <cstring>

#include "net.h"

static_assert(sizeof(Greeting) <= kGreetingBytes);

namespace {
constexpr uint64_t kMagic = 0x6d696c6c72616365;
}

void send_greeting(int fd, Greeting greeting) {
  char message[kGreetingBytes] = {};
  greeting.magic = kMagic;
  memcpy(message, &greeting, sizeof(greeting));
  if (send(fd, message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(message))
    fail("greeting", errno);
}

Greeting receive_greeting(int fd) {
  char message[kGreetingBytes];
  ssize_t n = recv(fd, message, sizeof(message), MSG_DONTWAIT);
  if (n < 0) fail("receiving a greeting", errno);
  Greeting greeting;
  memcpy(&greeting, message, sizeof(greeting));
  if (n != sizeof(message) || greeting.magic != kMagic) fail("a connection did not begin with a greeting");
  return greeting;
}
