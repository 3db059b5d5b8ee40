// Stream sockets over IPv4, IPv6, unix paths and abstract names. Every function returns >= 0 or -errno.
// Addresses are numeric: nothing here resolves a name or blocks. A path is passed as the host, with port -1.
// An abstract name is passed in the same way, with a NUL in front.
#ifndef MILLRACE_SOCKET_H_
#define MILLRACE_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

constexpr int kUnixPort = -1;

// The fds that an environment owns. When it ends, the fds that are left here are closed. An fd that is not
// here cannot be closed, so a mistake in TypeScript never closes somebody else's fd.
class Descriptors {
 public:
  ~Descriptors() { CloseAll(); }
  int Add(int fd);
  bool Owns(int fd) const;
  int Close(int fd);
  // Gives up an fd, which somebody else must close. Returns the fd.
  int Release(int fd);
  void CloseAll();
  int count() const { return count_; }
  // The last one that was added.
  int last() const { return last_; }

 private:
  std::vector<bool> open_;
  int count_ = 0;
  int last_ = -1;
};

struct Endpoint {
  std::string host;  // empty for an IPv4 address that was read
  int port = 0;
  uint32_t ipv4 = 0;
};

// How the kernel finds out that a peer has vanished (tcp(7)). `idle_seconds` 0: no probes.
struct Liveness {
  int idle_seconds;
  int every_seconds;
  int count;
  int dead_peer_ms;
};

// Returns a non-blocking listening socket. It has TCP_NODELAY, because accepted sockets inherit it. An IPv6
// socket takes IPv4 peers too, unless `ipv6_only`. Accepted sockets inherit `liveness`.
int Listen(const Endpoint& endpoint, int backlog, bool share_port, bool ipv6_only, const Liveness& liveness);

// Has no effect on sockets that are not TCP.
int SetLiveness(int fd, const Liveness& liveness);

// Returns the next connection, and the address of its peer in `peer`.
int Accept(int listener, Endpoint* peer);

// -EMFILE: all fds that are not reserved (fd_reserve.h) are taken.
// Returns a socket whose connect is in progress or done. The kernel chooses the source port late.
// IP_BIND_ADDRESS_NO_PORT is not needed for that, because nothing is bound.
int Connect(const Endpoint& endpoint);

// A listening socket, and a connected one, of another type than SOCK_STREAM, at the path of a unix socket.
int ListenOnPath(int type, const std::string& path);
int ConnectToPath(int type, const std::string& path);

// Returns a duplicate of somebody else's connected socket, non-blocking and with TCP_NODELAY.
int Adopt(int fd);

// Returns the pending error of a socket and clears it. 0: there is none.
int TakeError(int fd);

int LocalAddress(int fd, Endpoint* endpoint);

// Whether the fd is a stream socket that listens: 1 or 0.
int IsListening(int fd);

int ShutdownWrite(int fd);

// Makes the close that follows send RST and drop what is queued.
int ResetOnClose(int fd);

// Bytes sent and not acknowledged (SIOCOUTQ).
int UnacknowledgedBytes(int fd);

// Lets the kernel send at most so many bytes per second (SO_MAX_PACING_RATE), and keeps the queue of what was
// not sent short (TCP_NOTSENT_LOWAT). Negative: without a limit. Only TCP is paced. Other sockets return
// -EOPNOTSUPP.
int SetPacing(int fd, int64_t bytes_per_second);

}  // namespace millrace

#endif  // MILLRACE_SOCKET_H_
