// What an operator can set on sockets that are open: options, liveness and pacing. Every function returns >=
// 0 or -errno.
#ifndef MILLRACE_SOCKET_OPTIONS_H_
#define MILLRACE_SOCKET_OPTIONS_H_

#include <cstdint>
#include <string>

namespace millrace {

// How the kernel finds out that a peer has vanished (tcp(7)). `idle_seconds` 0: no probes.
struct Liveness {
  int idle_seconds;
  int every_seconds;
  int count;
  int dead_peer_ms;
};

// Leaves a number or a switch of SocketOptions as it is.
constexpr int kLeave = -1;

// What a TCP socket has besides its liveness. An empty `congestion`, and a `device` that is not said, leave
// what is there: a service manager may have set it.
struct SocketOptions {
  int dscp;
  int64_t mark;
  int is_transparent;
  bool says_device;
  std::string device;
  std::string congestion;
};

int SetOption(int fd, int level, int name, int value);

// An option that is as it should be is not set: a process may lack what setting it takes.
int SetOptions(int fd, const SocketOptions& options);

// Has no effect on sockets that are not TCP.
int SetLiveness(int fd, const Liveness& liveness);

// Lets the kernel send at most so many bytes per second (SO_MAX_PACING_RATE), and keeps the queue of what was
// not sent short (TCP_NOTSENT_LOWAT). Negative: without a limit. Only TCP is paced. Other sockets return
// -EOPNOTSUPP.
int SetPacing(int fd, int64_t bytes_per_second);

}  // namespace millrace

#endif  // MILLRACE_SOCKET_OPTIONS_H_
