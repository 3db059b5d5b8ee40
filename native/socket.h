// Stream sockets over IPv4, IPv6, unix paths and abstract names. Every function returns >= 0 or -errno.
// Addresses are numeric: nothing here resolves a name or blocks. A path is passed as the host, with port -1.
// An abstract name is passed in the same way, with a NUL in front.
#ifndef MILLRACE_SOCKET_H_
#define MILLRACE_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "socket_options.h"

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

// Stands in place of an fd: the function opens a socket itself.
constexpr int kNoSocket = -1;

// Returns a socket for addresses of this endpoint's family, neither bound nor connected.
int OpenSocket(const Endpoint& endpoint);

// Binds a socket that is about to connect. The kernel chooses its port when it connects, so that connections
// to different addresses can have the same one. `low_port` 0: from all ports that the system gives out.
int BindSource(int fd, const std::string& host, int low_port, int high_port);

// Returns a non-blocking listening socket. It has TCP_NODELAY, because accepted sockets inherit it. An IPv6
// socket takes IPv4 peers too, unless `ipv6_only`. Accepted sockets inherit `liveness`.
// `opened`: the socket to use. It stays open if this fails.
int Listen(const Endpoint& endpoint, int backlog, bool share_port, bool ipv6_only, const Liveness& liveness,
           int opened);

// Changes how many connections may wait in the queue of a listening socket.
int SetBacklog(int fd, int backlog);

// Returns the next connection, and the address of its peer in `peer`.
int Accept(int listener, Endpoint* peer);

// -EMFILE: all fds that are not reserved (fd_reserve.h) are taken.
// Returns a socket whose connect is in progress or done. `opened` as in Listen. If it is not bound, the
// kernel chooses its address and its port late.
int Connect(const Endpoint& endpoint, int opened);

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

}  // namespace millrace

#endif  // MILLRACE_SOCKET_H_
