#include "poller.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>

#include "copy_offload.h"

namespace millrace {

namespace {

// After a batch of this many events, more have often come meanwhile. With a lone peer, its answer never has.
constexpr int kBusy = 2;
// After this long, the poller stops asking again and goes back to libuv, for libuv's timers and fds.
constexpr uint64_t kLongestVisitNs = 1000000;

int32_t ToReadiness(uint32_t events) {
  int32_t readiness = 0;
  // Reads and writes find an end or an error, so both become possible.
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0) readiness |= kIn;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) readiness |= kOut;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) readiness |= kPeerEnded;
  if ((events & EPOLLERR) != 0) readiness |= kBroken;
  if ((events & EPOLLPRI) != 0) readiness |= kUrgent;
  return readiness;
}

// A muted socket has neither EPOLLIN nor EPOLLPRI: the kernel announces bytes as both.
constexpr uint32_t kMutedEvents = EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr uint32_t kSocketEvents = kMutedEvents | EPOLLIN | EPOLLPRI;

uint64_t Pack(int fd, int32_t generation) {
  return static_cast<uint64_t>(static_cast<uint32_t>(generation)) << 32 | static_cast<uint32_t>(fd);
}

}  // namespace

int Poller::Start(uv_loop_t* loop, Event* events, int capacity, CopyOffload* copies, OnBatch on_batch,
                  void* context) {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0) return -errno;
  int error = uv_poll_init(loop, &handle_, epoll_fd_);
  if (error == 0) error = uv_poll_start(&handle_, UV_READABLE, OnReadable);
  if (error < 0) {
    close(epoll_fd_);
    epoll_fd_ = -1;
    return error;
  }
  handle_.data = this;
  events_ = events;
  capacity_ = std::min(capacity, kMostEvents);
  copies_ = copies;
  on_batch_ = on_batch;
  context_ = context;
  KeepAlive(false);
  return 0;
}

void Poller::Stop(OnStopped on_stopped) {
  uv_poll_stop(&handle_);
  close(epoll_fd_);
  epoll_fd_ = -1;
  on_stopped_ = on_stopped;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) {
    auto* poller = static_cast<Poller*>(handle->data);
    poller->on_stopped_(poller->context_);
  });
}

int Poller::Watch(int fd, int32_t generation, bool is_listener) {
  epoll_event event = {};
  event.events = is_listener ? static_cast<uint32_t>(EPOLLIN) : kSocketEvents;
  event.data.u64 = Pack(fd, generation);
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int Poller::Unwatch(int fd) {
  epoll_event ignored = {};
  return epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, &ignored) < 0 ? -errno : 0;
}

int Poller::Mute(int fd, int32_t generation, bool is_muted) {
  epoll_event event = {};
  event.events = is_muted ? kMutedEvents : kSocketEvents;
  event.data.u64 = Pack(fd, generation);
  return epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

void Poller::KeepAlive(bool is_needed) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&handle_);
  if (is_needed) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

void Poller::OnReadable(uv_poll_t* handle, int, int) { static_cast<Poller*>(handle->data)->Collect(); }

void Poller::Collect() {
  const uint64_t began = uv_hrtime();
  uint64_t now = began;
  while (CollectBatch(now)) {
    now = uv_hrtime();
    if (now - began > kLongestVisitNs) return;
  }
}

bool Poller::CollectBatch(uint64_t now) {
  epoll_event ready[kMostEvents];
  const int count = epoll_wait(epoll_fd_, ready, capacity_, 0);
  copies_->BeginBatch(now);
  int filled = 0;
  bool is_told = false;
  for (int i = 0; i < count; i++) {
    const uint64_t data = ready[i].data.u64;
    Event* event = &events_[filled];
    *event = Event{static_cast<int32_t>(data & 0xffffffff),
                   static_cast<int32_t>(data >> 32),
                   ToReadiness(ready[i].events),
                   0,
                   0,
                   0};
    const Report report = copies_->CarryOut(event);
    if (report == Report::kNone) continue;
    is_told = true;
    filled++;
    if (report == Report::kInBatch) continue;
    on_batch_(context_, filled);
    filled = 0;
  }
  if (filled > 0) on_batch_(context_, filled);
  // What TypeScript was told may have made work for libuv.
  return count >= kBusy && !is_told;
}

}  // namespace millrace
