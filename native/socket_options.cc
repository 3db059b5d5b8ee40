#include "socket_options.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace millrace {

namespace {

int SetIfOther(int fd, int level, int name, int value) {
  int now = 0;
  socklen_t length = sizeof(now);
  if (getsockopt(fd, level, name, &now, &length) == 0 && now == value) return 0;
  return SetOption(fd, level, name, value);
}

int SetTextIfOther(int fd, int level, int name, const std::string& value) {
  char now[64] = "";
  socklen_t length = sizeof(now) - 1;
  if (getsockopt(fd, level, name, now, &length) == 0 && value == now) return 0;
  return setsockopt(fd, level, name, value.c_str(), static_cast<socklen_t>(value.size() + 1)) < 0 ? -errno
                                                                                                  : 0;
}

// DSCP is the upper six bits of the octet (RFC 2474). An IPv6 socket may have IPv4 peers, so it needs both.
int SetDscp(int fd, bool is_ipv6, int dscp) {
  const int octet = dscp << 2;
  const int error = SetOption(fd, IPPROTO_IP, IP_TOS, octet);
  return error == 0 && is_ipv6 ? SetOption(fd, IPPROTO_IPV6, IPV6_TCLASS, octet) : error;
}

// How much may wait in a paced socket. Without this limit the kernel would queue MiB. At a low rate that
// takes minutes to go.
int UnsentBytes(int64_t bytes_per_second) {
  constexpr int64_t kLeast = 64 * 1024;
  constexpr int64_t kMost = 4 * 1024 * 1024;
  return static_cast<int>(std::clamp(bytes_per_second / 8, kLeast, kMost));
}

}  // namespace

int SetOption(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

int SetOptions(int fd, const SocketOptions& options) {
  int family = 0;
  socklen_t length = sizeof(family);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) < 0) return -errno;
  const bool is_ipv6 = family == AF_INET6;
  int error = 0;
  if (options.dscp != kLeave) error = SetDscp(fd, is_ipv6, options.dscp);
  if (error == 0 && options.mark != kLeave)
    error = SetIfOther(fd, SOL_SOCKET, SO_MARK, static_cast<int>(options.mark));
  if (error == 0 && options.is_transparent != kLeave) {
    error = is_ipv6 ? SetIfOther(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, options.is_transparent)
                    : SetIfOther(fd, IPPROTO_IP, IP_TRANSPARENT, options.is_transparent);
  }
  if (error == 0 && options.says_device)
    error = SetTextIfOther(fd, SOL_SOCKET, SO_BINDTODEVICE, options.device);
  if (error == 0 && !options.congestion.empty())
    error = SetTextIfOther(fd, IPPROTO_TCP, TCP_CONGESTION, options.congestion);
  return error;
}

int SetLiveness(int fd, const Liveness& liveness) {
  const bool is_probing = liveness.idle_seconds > 0;
  if (is_probing) {
    SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, liveness.idle_seconds);
    SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, liveness.every_seconds);
    SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, liveness.count);
  }
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, is_probing ? 1 : 0);
  return SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, liveness.dead_peer_ms);
}

int SetPacing(int fd, int64_t bytes_per_second) {
  int protocol = 0;
  socklen_t length = sizeof(protocol);
  if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) < 0) return -errno;
  if (protocol != IPPROTO_TCP) return -EOPNOTSUPP;
  const bool is_limited = bytes_per_second >= 0;
  const uint64_t rate = is_limited ? static_cast<uint64_t>(bytes_per_second) : ~uint64_t{0};
  if (setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)) < 0) return -errno;
  return SetOption(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, is_limited ? UnsentBytes(bytes_per_second) : 0);
}

}  // namespace millrace
