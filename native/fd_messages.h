// Messages between two processes that carry file descriptors (SCM_RIGHTS, unix(7)). The sockets are of type
// SOCK_SEQPACKET: a message arrives whole or not at all. A fd that was sent stays open in both processes, and
// means the same connection or pipe in both.
#ifndef MILLRACE_FD_MESSAGES_H_
#define MILLRACE_FD_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernel_pipe.h"
#include "socket.h"

namespace millrace {

// The most fds of one message (SCM_MAX_FD of the kernel).
constexpr int kMostFdsPerMessage = 253;

// Filled for TypeScript, which reads it as cells of Outcome.
struct ShownMessage {
  int32_t fds;  // how many fds came
};

struct ShownPipe {
  int32_t read_fd;
  int32_t write_fd;
  int32_t inside;
};

// Returns a non-blocking listening socket at `path`, or -errno.
int ListenForMessages(const std::string& path);

// Returns a connected non-blocking socket, or -errno.
int ConnectForMessages(const std::string& path);

// Sends one message of at least one byte, with `count` fds. Returns its bytes, or -errno. -EAGAIN: the queue
// is full. The message was not sent then.
int SendFds(int socket, const char* data, size_t bytes, const int32_t* fds, int count);

// From here on the other side cannot send, and gets EPIPE. What it has sent before can still be received.
int EndMessages(int socket);

// Receives one message and at most `most_fds` fds, which are close-on-exec from the start. Returns its bytes,
// 0 at the end, or -errno. If something did not fit, it closes all fds of the message and returns -EMSGSIZE.
// Too few free fds are a reason for that, too.
int ReceiveFds(int socket, char* data, size_t most_bytes, int32_t* fds, int most_fds, int* count);

// Takes over a pipe that another process has filled: it is leased, with `inside` bytes in it. `pipes` owns
// both fds from here on. Returns its id, or -errno, and then the caller still owns them: -EINVAL if these are
// not the two ends of a pipe with so many bytes.
int AdoptPipe(KernelPipes* pipes, int read_fd, int write_fd, int64_t inside);

}  // namespace millrace

#endif  // MILLRACE_FD_MESSAGES_H_
