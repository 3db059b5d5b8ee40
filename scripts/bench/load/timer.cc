#include "timer.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "net.h"

constexpr int64_t kNsPerSecond = 1'000'000'000;

int make_timer() {
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer < 0) fail("timerfd_create", errno);
  return timer;
}

void set_timer(int timer, int64_t every_ns) {
  timespec every{every_ns / kNsPerSecond, every_ns % kNsPerSecond};
  itimerspec spec{every, every};
  if (timerfd_settime(timer, 0, &spec, nullptr) != 0) fail("timerfd_settime", errno);
}

uint64_t expirations_of(int timer) {
  uint64_t expirations = 0;
  if (read(timer, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN) fail("timerfd", errno);
  return expirations;
}
