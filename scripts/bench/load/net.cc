// Linux calls behind net.h. Large sends are sendfile(2) from a memfd, so that neither side of a bulk load
// touches its bytes and the machine's time goes to the proxy under test.
#include "net.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr size_t kMostAtOnce = 4u << 20;
// Below this, copying out of the cache costs less than sendfile's detour over a kernel pipe.
constexpr size_t kCopyUpTo = 16u << 10;
constexpr size_t kFileBytes = 1u << 20;
char zeros[kCopyUpTo];

int open_zeros_file() {
  int fd = memfd_create("load", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, kFileBytes) != 0) fail("memfd", errno);
  for (size_t i = 0; i < kFileBytes; i += sizeof(zeros))
    if (pwrite(fd, zeros, sizeof(zeros), static_cast<off_t>(i)) != sizeof(zeros)) fail("memfd write", errno);
  return fd;
}

void send_without_delay(int fd) {
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) fail("TCP_NODELAY", errno);
}

}  // namespace

void fail(const char* what, int error) {
  fprintf(stderr, "load: %s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "");
  exit(1);
}

int64_t now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

size_t raise_fd_limit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit", errno);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("setrlimit", errno);
  return limit.rlim_cur;
}

int listen_on(const sockaddr_in& address) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) fail("socket", errno);
  send_without_delay(fd);  // accepted sockets inherit it
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) fail("bind", errno);
  if (listen(fd, 4096) != 0) fail("listen", errno);
  return fd;
}

int accept_one(int listener) {
  int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0 && errno != EAGAIN) fail("accept", errno);
  return fd;
}

int start_connecting(const sockaddr_in& address) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket", errno);
  send_without_delay(fd);
  int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (result != 0 && errno != EINPROGRESS) fail("connect", errno);
  return fd;
}

int64_t discard(int fd, size_t most) {
  // tcp(7): with MSG_TRUNC nothing is written to the buffer, so there need not be one.
  ssize_t n = recv(fd, nullptr, std::min(most, kMostAtOnce), MSG_TRUNC | MSG_DONTWAIT);
  if (n < 0 && errno != EAGAIN) fail("recv", errno);
  return n;
}

int64_t send_zeros(int fd, uint64_t length) {
  static const int file = open_zeros_file();
  ssize_t n;
  if (length <= kCopyUpTo) {
    n = send(fd, zeros, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  } else {
    off_t offset = 0;
    n = sendfile(fd, file, &offset, std::min<uint64_t>(length, kFileBytes));
  }
  if (n < 0 && errno != EAGAIN) fail("send", errno);
  return n;
}
