#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include <algorithm>

#include "net.h"

namespace {

constexpr int kEventsPerTurn = 64;
constexpr int64_t kNsPerMs = 1'000'000;

}  // namespace

Loop::Loop(Shared* shared) : shared_(shared), watched_(raise_fd_limit()) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  urgent_epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0 || urgent_epoll_ < 0) fail("epoll", errno);
  watch(urgent_epoll_, EPOLLIN);
}

void Loop::turn(int timeout_ms) {
  epoll_event events[kEventsPerTurn];
  int count = epoll_wait(epoll_, events, kEventsPerTurn, timeout_ms);
  if (count < 0 && errno != EINTR) fail("epoll_wait", errno);
  for (int i = 0; i < count; ++i) {
    dispatch(events[i].data.u64, events[i].events);
    if (has_urgent_) serve_urgent();
  }
}

void Loop::turn_until(int64_t deadline_ns) {
  for (int64_t now = now_ns(); now < deadline_ns; now = now_ns())
    turn(static_cast<int>((deadline_ns - now) / kNsPerMs + 1));
}

void Loop::serve_urgent() {
  epoll_event events[kEventsPerTurn];
  int count = epoll_wait(urgent_epoll_, events, kEventsPerTurn, 0);
  for (int i = 0; i < count; ++i) dispatch(events[i].data.u64, events[i].events);
}

void Loop::dispatch(uint64_t tag, uint32_t events) {
  int fd = static_cast<int>(static_cast<uint32_t>(tag));
  if (fd == urgent_epoll_) return serve_urgent();
  if (watched_[static_cast<size_t>(fd)].generation == tag >> 32) handle(fd, events);
}

void Loop::watch(int fd, uint32_t events, bool is_urgent) {
  Watched& watched = watched_[static_cast<size_t>(fd)];
  watched.events = events;
  watched.is_urgent = is_urgent;
  has_urgent_ |= is_urgent;
  control(EPOLL_CTL_ADD, fd);
}

void Loop::change(int fd, uint32_t events) {
  Watched& watched = watched_[static_cast<size_t>(fd)];
  if (watched.events == events) return;
  watched.events = events;
  control(EPOLL_CTL_MOD, fd);
}

void Loop::forget(int fd) {
  control(EPOLL_CTL_DEL, fd);
  ++watched_[static_cast<size_t>(fd)].generation;
}

void Loop::control(int operation, int fd) {
  const Watched& watched = watched_[static_cast<size_t>(fd)];
  uint64_t tag = uint64_t{watched.generation} << 32 | static_cast<uint32_t>(fd);
  epoll_event event{watched.events, {.u64 = tag}};
  if (epoll_ctl(watched.is_urgent ? urgent_epoll_ : epoll_, operation, fd, &event) != 0)
    fail("epoll_ctl", errno);
}
