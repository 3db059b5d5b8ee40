// Where to listen or connect: TCP over IPv4, or a unix stream socket. The load generator and the C loop use
// it.
#pragma once
#include <sys/socket.h>

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  bool is_unix() const { return storage.ss_family == AF_UNIX; }
};

// Reads `IP:PORT` or `unix:PATH`. Returns false if the text is neither.
bool parse_address(const char* text, Address* address);

// Returns a non-blocking socket that listens there, or -1 with errno.
int listen_on(const Address& address);
// Returns a non-blocking socket that has begun to connect there, or -1 with errno.
int connect_to(const Address& address);
