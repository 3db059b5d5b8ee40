// The Linux calls behind net.h. Large sends are sendfile(2) from a memfd, so that neither side of a bulk load
// touches its bytes and the machine's time goes to the proxy under test.
#include "net.h"

#include <errno.h>
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
#include <vector>

namespace {

constexpr size_t kMostAtOnce = 4u << 20;
constexpr size_t kBufferBytes = 256u << 10;
// Below this, copying out of the cache costs less than sendfile's way over a kernel pipe.
constexpr size_t kCopyUpTo = 16u << 10;
// A prime, so that bytes from the wrong place never compare equal for long. The file holds more, so that a
// send may begin anywhere in the first period.
constexpr size_t kPeriodBytes = 1'048'573;
constexpr size_t kPatternBytes = kPeriodBytes + (1u << 20);

std::vector<uint8_t> make_pattern() {
  std::vector<uint8_t> bytes(kPatternBytes);
  uint32_t state = 2463534242u;
  for (size_t i = 0; i < kPeriodBytes; ++i) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    bytes[i] = static_cast<uint8_t>(state);
  }
  for (size_t i = kPeriodBytes; i < kPatternBytes; ++i) bytes[i] = bytes[i - kPeriodBytes];
  return bytes;
}

const uint8_t* pattern() {
  static const std::vector<uint8_t> bytes = make_pattern();
  return bytes.data();
}

int open_pattern_file() {
  int fd = memfd_create("load", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, kPatternBytes) != 0) fail("memfd", errno);
  if (pwrite(fd, pattern(), kPatternBytes, 0) != kPatternBytes) fail("memfd write", errno);
  return fd;
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

int accept_one(int listener) {
  int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0 && errno != EAGAIN) fail("accept", errno);
  return fd;
}

int64_t send_pattern(int fd, uint64_t position, uint64_t length) {
  static const int file = open_pattern_file();
  size_t start = position % kPeriodBytes;
  size_t most = std::min<uint64_t>(length, kPatternBytes - start);
  ssize_t n;
  if (length <= kCopyUpTo) {
    n = send(fd, pattern() + start, most, MSG_NOSIGNAL | MSG_DONTWAIT);
  } else {
    off_t offset = static_cast<off_t>(start);
    n = sendfile(fd, file, &offset, most);
  }
  if (n < 0 && errno != EAGAIN) fail("send", errno);
  return n;
}

int64_t receive_pattern(int fd, uint64_t position, size_t most, Look look) {
  static uint8_t buffer[kBufferBytes];
  static bool can_discard = true;
  if (look == Look::kCount && can_discard) {
    // tcp(7): with MSG_TRUNC nothing is written to the buffer, so there need not be one.
    ssize_t n = recv(fd, nullptr, std::min(most, kMostAtOnce), MSG_TRUNC | MSG_DONTWAIT);
    if (n >= 0 || errno == EAGAIN) return n;
    if (errno != EFAULT) fail("recv", errno);
    can_discard = false;  // a unix socket
  }
  ssize_t n = recv(fd, buffer, std::min(most, kBufferBytes), MSG_DONTWAIT);
  if (n < 0 && errno != EAGAIN) fail("recv", errno);
  bool is_compared = look == Look::kCompare && n > 0;
  if (is_compared && memcmp(buffer, pattern() + position % kPeriodBytes, static_cast<size_t>(n)) != 0)
    fail("bytes arrived changed, or in another order");
  return n;
}
