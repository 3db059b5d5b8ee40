// Stream sockets over IPv4, IPv6, unix paths and abstract names. Every function returns >= 0 or -errno.
// Addresses are numeric: nothing here resolves a name or blocks. A path travels as the host with port -1, an
// abstract name the same with a NUL in front.
#ifndef MILLRACE_SOCKET_H_
#define MILLRACE_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

constexpr int kUnixPort = -1;

// The fds an environment owns. Whatever is still in here when it ends is closed; closing an fd that is not
// in here is refused, so that a mistake above can never close somebody else's.
class Descriptors {
 public:
  ~Descriptors() { CloseAll(); }
  int Add(int fd);
  bool Owns(int fd) const;
  int Close(int fd);
  // Somebody else closes it from here on: the fd.
  int Release(int fd);
  void CloseAll();
  int count() const { return count_; }

 private:
  std::vector<bool> open_;
  int count_ = 0;
};

struct Endpoint {
  std::string host;  // empty where it is an IPv4 address that was read
  int port = 0;
  uint32_t ipv4 = 0;
};

// How the kernel finds out that a peer has vanished (tcp(7)). Without `idle_seconds` there are no probes.
struct Liveness {
  int idle_seconds;
  int every_seconds;
  int count;
  int dead_peer_ms;
};

// A non-blocking listening socket. TCP_NODELAY is set on it because accepted sockets inherit it.
// An IPv6 one takes IPv4 peers, too, unless `ipv6_only`. What is accepted inherits `liveness`.
int Listen(const Endpoint& endpoint, int backlog, bool share_port, bool ipv6_only, const Liveness& liveness);

// Sockets that are not TCP have no such thing, and are left alone.
int SetLiveness(int fd, const Liveness& liveness);

// The next connection, with its peer's address.
int Accept(int listener, Endpoint* peer);

// A socket whose connect is on its way or done. The source port is chosen late (IP_BIND_ADDRESS_NO_PORT is
// not needed: nothing is bound).
int Connect(const Endpoint& endpoint);

// A duplicate of somebody else's connected socket, made non-blocking, with TCP_NODELAY.
int Adopt(int fd);

// The pending error of a socket, which reading clears; 0 when there is none.
int TakeError(int fd);

int LocalAddress(int fd, Endpoint* endpoint);

int ShutdownWrite(int fd);

// Makes the close that follows send RST and drop what is queued.
int ResetOnClose(int fd);

// Bytes sent and not acknowledged (SIOCOUTQ).
int UnacknowledgedBytes(int fd);

// Smoothed round-trip time in microseconds from TCP_INFO; -ENOPROTOOPT and the like for other sockets.
int RoundTripMicros(int fd);

}  // namespace millrace

#endif  // MILLRACE_SOCKET_H_
