#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "fd_reserve.h"
#include "socket_options.h"

namespace millrace {

namespace {

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t length = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

int Fill(SocketAddress* address, const Endpoint& endpoint) {
  if (endpoint.port == kUnixPort) {
    auto* un = reinterpret_cast<sockaddr_un*>(&address->storage);
    // A path ends with a NUL. An abstract name begins with one, and ends where its length says.
    const bool is_abstract = !endpoint.host.empty() && endpoint.host[0] == '\0';
    const size_t bytes = endpoint.host.size() + (is_abstract ? 0 : 1);
    if (bytes > sizeof(un->sun_path)) return -ENAMETOOLONG;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, endpoint.host.c_str(), bytes);
    address->length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes);
    return 0;
  }
  auto* in = reinterpret_cast<sockaddr_in*>(&address->storage);
  if (inet_pton(AF_INET, endpoint.host.c_str(), &in->sin_addr) == 1) {
    in->sin_family = AF_INET;
    in->sin_port = htons(static_cast<uint16_t>(endpoint.port));
    address->length = sizeof(sockaddr_in);
    return 0;
  }
  // AI_NUMERICHOST never asks a resolver, and understands scopes such as fe80::1%eth0.
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found) != 0)
    return -EINVAL;
  memcpy(&address->storage, found->ai_addr, found->ai_addrlen);
  address->length = found->ai_addrlen;
  freeaddrinfo(found);
  return 0;
}

void Read(const SocketAddress& address, Endpoint* endpoint) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.storage.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address.storage);
    endpoint->ipv4 = ntohl(in->sin_addr.s_addr);
    endpoint->port = ntohs(in->sin_port);
    return;
  } else if (address.storage.ss_family == AF_INET6) {
    const auto* in6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
    endpoint->port = ntohs(in6->sin6_port);
    // A peer that came to a dual-stack listener over IPv4 is an IPv4 peer.
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
      uint32_t ipv4;
      memcpy(&ipv4, &in6->sin6_addr.s6_addr[12], sizeof(ipv4));
      endpoint->ipv4 = ntohl(ipv4);
      return;
    }
    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
  } else {
    const auto* un = reinterpret_cast<const sockaddr_un*>(&address.storage);
    const size_t bytes = address.length - std::min<size_t>(address.length, offsetof(sockaddr_un, sun_path));
    const bool is_abstract = bytes > 0 && un->sun_path[0] == '\0';
    endpoint->host.assign(un->sun_path, is_abstract ? bytes : strnlen(un->sun_path, bytes));
    endpoint->port = kUnixPort;
    return;
  }
  endpoint->host = text;
}

int CloseWith(int fd, int error) {
  close(fd);
  return error;
}

int Open(SocketAddress* address, const Endpoint& endpoint, int type = SOCK_STREAM, int opened = kNoSocket) {
  const int error = Fill(address, endpoint);
  if (error < 0 || opened != kNoSocket) return error < 0 ? error : opened;
  const int fd = socket(address->storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (endpoint.port != kUnixPort) SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  return fd;
}

}  // namespace

int Descriptors::Add(int fd) {
  if (fd < 0 || Owns(fd)) return fd;
  if (open_.size() <= static_cast<size_t>(fd)) open_.resize(static_cast<size_t>(fd) + 64);
  open_[static_cast<size_t>(fd)] = true;
  count_++;
  last_ = fd;
  return fd;
}

bool Descriptors::Owns(int fd) const {
  return fd >= 0 && static_cast<size_t>(fd) < open_.size() && open_[static_cast<size_t>(fd)];
}

int Descriptors::Close(int fd) {
  if (Release(fd) < 0) return -EBADF;
  return close(fd) < 0 ? -errno : 0;
}

int Descriptors::Release(int fd) {
  if (!Owns(fd)) return -EBADF;
  open_[static_cast<size_t>(fd)] = false;
  count_--;
  return fd;
}

void Descriptors::CloseAll() {
  for (size_t fd = 0; fd < open_.size(); fd++) Close(static_cast<int>(fd));
}

int OpenSocket(const Endpoint& endpoint) {
  SocketAddress address;
  const int fd = Open(&address, endpoint);
  if (fd >= 0 && IsReserved(fd)) return CloseWith(fd, -EMFILE);
  return fd;
}

int BindSource(int fd, const std::string& host, int low_port, int high_port) {
  // Since Linux 6.3: the high port in the upper half (ip(7), IP_LOCAL_PORT_RANGE).
  constexpr int kIpLocalPortRange = 51;
  SocketAddress address;
  int error = Fill(&address, Endpoint{host, 0});
  if (error == 0) error = SetOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  if (error == 0 && low_port > 0)
    error = SetOption(
        fd, IPPROTO_IP, kIpLocalPortRange,
        static_cast<int>((static_cast<uint32_t>(high_port) << 16) | static_cast<uint32_t>(low_port)));
  if (error < 0) return error;
  return bind(fd, address.get(), address.length) < 0 ? -errno : 0;
}

int SetBacklog(int fd, int backlog) { return listen(fd, backlog) < 0 ? -errno : 0; }

int Listen(const Endpoint& endpoint, int backlog, bool share_port, bool ipv6_only, const Liveness& liveness,
           int opened) {
  SocketAddress address;
  const int fd = Open(&address, endpoint, SOCK_STREAM, opened);
  if (fd < 0) return fd;
  const auto fail = [fd, opened](int error) { return opened == kNoSocket ? CloseWith(fd, error) : error; };
  if (endpoint.port != kUnixPort) {
    SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (address.storage.ss_family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, ipv6_only ? 1 : 0);
    const int error = share_port ? SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1) : 0;
    if (error < 0) return fail(error);
    SetLiveness(fd, liveness);
  }
  if (bind(fd, address.get(), address.length) < 0) return fail(-errno);
  if (listen(fd, backlog) < 0) return fail(-errno);
  return fd;
}

int Accept(int listener, Endpoint* peer) {
  SocketAddress address;
  int fd;
  do {
    fd = accept4(listener, address.get(), &address.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return -errno;
  Read(address, peer);
  return fd;
}

int Connect(const Endpoint& endpoint, int opened) {
  SocketAddress address;
  const int fd = Open(&address, endpoint, SOCK_STREAM, opened);
  if (fd < 0) return fd;
  if (opened == kNoSocket && IsReserved(fd)) return CloseWith(fd, -EMFILE);
  if (connect(fd, address.get(), address.length) == 0 || errno == EINPROGRESS || errno == EINTR) return fd;
  return opened == kNoSocket ? CloseWith(fd, -errno) : -errno;
}

int ListenOnPath(int type, const std::string& path) {
  SocketAddress address;
  const int fd = Open(&address, Endpoint{path, kUnixPort}, type);
  if (fd < 0) return fd;
  if (bind(fd, address.get(), address.length) < 0) return CloseWith(fd, -errno);
  if (listen(fd, SOMAXCONN) < 0) return CloseWith(fd, -errno);
  return fd;
}

int ConnectToPath(int type, const std::string& path) {
  SocketAddress address;
  const int fd = Open(&address, Endpoint{path, kUnixPort}, type);
  if (fd < 0) return fd;
  return connect(fd, address.get(), address.length) == 0 ? fd : CloseWith(fd, -errno);
}

int Adopt(int fd) {
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return -errno;
  const int flags = fcntl(own, F_GETFL);
  if (flags < 0 || fcntl(own, F_SETFL, flags | O_NONBLOCK) < 0) return CloseWith(own, -errno);
  SetOption(own, IPPROTO_TCP, TCP_NODELAY, 1);
  return own;
}

int TakeError(int fd) {
  int error = 0;
  socklen_t length = sizeof(error);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? -errno : error;
}

int LocalAddress(int fd, Endpoint* endpoint) {
  SocketAddress address;
  if (getsockname(fd, address.get(), &address.length) < 0) return -errno;
  Read(address, endpoint);
  return 0;
}

int IsListening(int fd) {
  int type = 0;
  int accepts = 0;
  socklen_t length = sizeof(int);
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return -errno;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) < 0) return -errno;
  return type == SOCK_STREAM && accepts != 0 ? 1 : 0;
}

int ShutdownWrite(int fd) { return shutdown(fd, SHUT_WR) < 0 ? -errno : 0; }

int ResetOnClose(int fd) {
  const linger now = {1, 0};
  return setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) < 0 ? -errno : 0;
}

int UnacknowledgedBytes(int fd) {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

}  // namespace millrace
