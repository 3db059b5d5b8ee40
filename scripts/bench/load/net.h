// The system calls of the load generator: sockets, sending from memory, receiving into nothing. Every error
// but EAGAIN ends the process: a load that lost a byte or a connection has no figures worth printing.
#pragma once
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>

// Prints `what` and errno's text (when `error` is not 0) to stderr and exits with 1.
[[noreturn]] void fail(const char* what, int error = 0);

int64_t now_ns();

// Raises the soft limit of open files to the hard one; returns it.
size_t raise_fd_limit();

int listen_on(const sockaddr_in& address);
// Returns the new connection, or -1 when nobody is waiting.
int accept_one(int listener);
int start_connecting(const sockaddr_in& address);

// Takes up to 4 MiB out of the receive queue without copying them. Returns 0 at the end, -1 for "nothing
// now".
int64_t discard(int fd, size_t most);
// Sends up to `length` zero bytes without copying large ones. Returns -1 for "full".
int64_t send_zeros(int fd, uint64_t length);
