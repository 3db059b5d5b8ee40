// The loop of the load generator and what clients and server have in common: epoll tags, windows, counting.
#include "generator.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "net.h"

namespace {

constexpr int kEventsPerTurn = 64;
// More than the slowest proxy needs to hand over what all its buffers can hold.
constexpr int64_t kStallNs = 15'000'000'000;
// Bulk: the most one connection may send before the others get their turn.
constexpr uint64_t kBulkSendBytes = 512u << 10;
// Bulk: what may be between the two ends, of all directions together and of one. Deeper queues measure
// nothing but how long they take to empty; these keep every proxy's input full for several of its turns.
constexpr uint64_t kAllOnTheirWayBytes = 256u << 20;
constexpr uint64_t kLeastOnItsWayBytes = 256u << 10;
constexpr uint64_t kMostOnItsWayBytes = 4u << 20;

uint64_t tag_of(int fd, uint32_t generation) {
  return uint64_t{generation} << 32 | static_cast<uint32_t>(fd);
}

void watch_plain(int epoll, int fd) {
  epoll_event event{EPOLLIN, {.u64 = tag_of(fd, 0)}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl", errno);
}

uint64_t most_on_its_way(const Spec& spec) {
  uint64_t directions = 1;
  for (const Group& group : spec.groups)
    if (group.kind == Kind::kBulk)
      directions += static_cast<uint64_t>(group.connections * (group.up + group.down));
  return std::clamp(kAllOnTheirWayBytes / directions, kLeastOnItsWayBytes, kMostOnItsWayBytes);
}

int make_timer() { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

}  // namespace

Generator::Generator(const Spec& spec)
    : spec_(spec), figures_(spec.groups.size()), clients_(spec.groups.size()) {
  ends_.resize(raise_fd_limit());
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  urgent_epoll_ = epoll_create1(EPOLL_CLOEXEC);
  pace_timer_ = make_timer();
  slow_timer_ = make_timer();
  listener_ = listen_on(spec.listen);
  if (epoll_ < 0 || urgent_epoll_ < 0 || pace_timer_ < 0 || slow_timer_ < 0) fail("epoll or timerfd", errno);
  watch_plain(urgent_epoll_, pace_timer_);
  for (int fd : {urgent_epoll_, slow_timer_, listener_}) watch_plain(epoll_, fd);
  for (size_t i = 0; i < spec.groups.size(); ++i) {
    clients_[i].reserve(static_cast<size_t>(spec.groups[i].connections));
    has_paced_ |= spec.groups[i].is_paced();
  }
  most_on_its_way_ = most_on_its_way(spec);
}

int64_t Generator::run_window(int ms) {
  for (Figures& figures : figures_) figures = Figures();
  int64_t start = now_ns();
  int64_t deadline = start + ms * 1'000'000LL;
  is_open_ = true;
  for (size_t i = 0; i < spec_.groups.size(); ++i) start_group(i);
  set_slow_readers();
  while (now_ns() < deadline) turn(static_cast<int>((deadline - now_ns()) / 1'000'000 + 1));
  is_open_ = false;
  set_slow_readers();
  wait_until_quiet();
  return now_ns() - start;
}

void Generator::wait_until_quiet() {
  int64_t deadline = now_ns() + kStallNs;
  while (!is_quiet()) {
    if (now_ns() > deadline) fail("stalled: bytes or answers on their way did not arrive within 15 s");
    turn(100);
  }
}

void Generator::finish() {
  is_finishing_ = true;
  for (const std::vector<int>& group : clients_)
    for (int fd : group)
      if (shutdown(fd, SHUT_WR) != 0) fail("shutdown", errno);
  lasting_ends_ = 0;
  wait_until_quiet();
}

void Generator::turn(int timeout_ms) {
  epoll_event events[kEventsPerTurn];
  int count = epoll_wait(epoll_, events, kEventsPerTurn, timeout_ms);
  if (count < 0 && errno != EINTR) fail("epoll_wait", errno);
  for (int i = 0; i < count; ++i) {
    handle(events[i].data.u64, events[i].events);
    if (has_paced_) serve_urgent();
  }
}

void Generator::serve_urgent() {
  epoll_event events[kEventsPerTurn];
  int count = epoll_wait(urgent_epoll_, events, kEventsPerTurn, 0);
  for (int i = 0; i < count; ++i) handle(events[i].data.u64, events[i].events);
}

void Generator::handle(uint64_t tag, uint32_t events) {
  int fd = static_cast<int>(tag & 0xffffffff);
  if (fd == listener_) return accept_all();
  if (fd == urgent_epoll_) return serve_urgent();
  if (fd == pace_timer_) return send_due_requests();
  if (fd == slow_timer_) return read_slowly();
  End& end = ends_[static_cast<size_t>(fd)];
  if (end.generation != tag >> 32) return;
  if (events & EPOLLERR) fail("a connection broke", ECONNRESET);
  if (end.role == Role::kConnecting) return greet(fd);
  if (end.role == Role::kUnknown) return receive_greeting(fd);
  if (events & EPOLLOUT) push(fd);
  if (!(events & (EPOLLIN | EPOLLHUP))) return;
  if (end.role == Role::kClient)
    client_readable(fd, SIZE_MAX);
  else
    server_readable(fd);
}

Generator::End* Generator::open_end(int fd, Role role) {
  End& end = ends_[static_cast<size_t>(fd)];
  uint32_t generation = end.generation;
  end = End();
  end.generation = generation;
  end.role = role;
  ++open_ends_;
  return &end;
}

void Generator::close_end(int fd) {
  End& end = ends_[static_cast<size_t>(fd)];
  ++end.generation;
  end.role = Role::kNone;
  --open_ends_;
  close(fd);
}

int Generator::epoll_of(const End& end) const {
  bool is_known = end.role == Role::kClient || end.role == Role::kServer;
  return is_known && group_of(end).is_paced() ? urgent_epoll_ : epoll_;
}

void Generator::control(int operation, int fd) {
  const End& end = ends_[static_cast<size_t>(fd)];
  bool is_held_back = is_open_ && end.role == Role::kClient && group_of(end).is_slow_reader();
  uint32_t events = (is_held_back ? 0u : EPOLLIN) | (end.wants_out ? EPOLLOUT : 0u);
  epoll_event event{events, {.u64 = tag_of(fd, end.generation)}};
  if (epoll_ctl(epoll_of(end), operation, fd, &event) != 0) fail("epoll_ctl", errno);
}

void Generator::set_wants_out(int fd, bool wants_out) {
  End& end = ends_[static_cast<size_t>(fd)];
  if (end.wants_out == wants_out) return;
  end.wants_out = wants_out;
  control(EPOLL_CTL_MOD, fd);
}

// How much a bulk connection may send now. Slow readers fill whatever is between the ends: that is their
// point.
uint64_t Generator::bulk_helping(const End& end) const {
  if (!is_open_) return 0;
  if (group_of(end).is_slow_reader()) return kBulkSendBytes;
  uint64_t on_its_way = end.sent - ends_[static_cast<size_t>(end.other)].received;
  return on_its_way >= most_on_its_way_ ? 0 : std::min(kBulkSendBytes, most_on_its_way_ - on_its_way);
}

// Sends what the end has to send: as much as fits of its messages, or one helping of bulk.
void Generator::push(int fd) {
  End& end = ends_[static_cast<size_t>(fd)];
  bool is_bulk = group_of(end).kind == Kind::kBulk;
  if (is_bulk) end.to_send = bulk_helping(end);
  bool is_held_back = is_bulk && end.to_send == 0;
  while (end.to_send > 0) {
    int64_t n = send_zeros(fd, end.to_send);
    if (n < 0) break;
    end.sent += static_cast<uint64_t>(n);
    end.to_send -= static_cast<uint64_t>(n);
    on_its_way_ += static_cast<uint64_t>(n);
  }
  set_wants_out(fd, is_bulk ? !is_held_back : end.to_send > 0);
}

int64_t Generator::take(int fd, size_t most) {
  End& end = ends_[static_cast<size_t>(fd)];
  int64_t n = discard(fd, most);
  if (n <= 0) return n;
  uint64_t bytes = static_cast<uint64_t>(n);
  if (bytes > on_its_way_) fail("more bytes arrived than were sent");
  end.received += bytes;
  on_its_way_ -= bytes;
  figures_[end.group].bytes += bytes;
  const Group& group = group_of(end);
  bool is_fed = end.role == Role::kClient ? group.down : group.up;
  if (group.kind == Kind::kBulk && is_fed && is_open_ && !ends_[static_cast<size_t>(end.other)].wants_out)
    push(end.other);
  return n;
}
