// Greetings travel whole: 64 bytes into an empty connection are one segment, and no proxy splits it.
#include "greeting.h"

#include <errno.h>
#include <sys/socket.h>

#include <cstring>

#include "net.h"

void send_greeting(int fd, const Greeting& greeting) {
  char message[kGreetingBytes] = {};
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
  if (n != sizeof(message) || greeting.magic != kGreetingMagic)
    fail("a connection did not begin with a greeting");
  return greeting;
}
