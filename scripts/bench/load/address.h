// Where to listen or connect: TCP over IPv4 or a unix stream socket. Used by the load generator and the C
// loop.
#pragma once
#include <sys/socket.h>

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  bool is_unix() const { return storage.ss_family == AF_UNIX; }
};

// Reads `IP:PORT` or `unix:PATH`. Returns false when the text is neither.
bool parse_address(const char* text, Address* address);

// A non-blocking socket that listens there; -1 with errno.
int listen_on(const Address& address);
// A non-blocking socket that has begun to connect there; -1 with errno.
int connect_to(const Address& address);
