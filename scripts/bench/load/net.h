// The system calls of the load generator: it sends and receives a known pattern. Every error but EAGAIN ends
// the process, because a load that lost a byte or a connection has no valid figures.
#pragma once
#include <cstddef>
#include <cstdint>

// Prints `what`, and errno's text if `error` is not 0, to stderr and exits with 1.
[[noreturn]] void fail(const char* what, int error = 0);

int64_t now_ns();

// Raises the soft limit of open files to the hard limit. Returns it.
size_t raise_fd_limit();

// Returns the new connection, or -1 if no client waits.
int accept_one(int listener);

// Sends up to `length` bytes of the pattern from `position` on. Does not copy large sends. Returns -1 for
// "full".
int64_t send_pattern(int fd, uint64_t position, uint64_t length);

// How received bytes are checked. `kCount` takes them out of the queue, without copying them if the kernel
// can. `kCompare` compares each with the pattern.
enum class Look : uint8_t { kCount, kCompare };

// Takes up to `most` bytes, at most 4 MiB. The first of them belongs at `position`. Returns 0 at the end, -1
// for "nothing now".
int64_t receive_pattern(int fd, uint64_t position, size_t most, Look look);
