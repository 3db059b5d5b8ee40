// The clients of a load: connecting, greeting, asking, counting answers.
#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "generator.h"
#include "greeting.h"
#include "net.h"

namespace {

// As many connects at once as fit every proxy's default backlog with room to spare.
constexpr int kMostUnheard = 64;
constexpr int64_t kConnectAllNs = 60'000'000'000;
constexpr int64_t kSlowTickNs = 10'000'000;

void set_timer(int timer, int64_t every_ns) {
  timespec every{every_ns / 1'000'000'000, every_ns % 1'000'000'000};
  itimerspec spec{every, every};
  if (timerfd_settime(timer, 0, &spec, nullptr) != 0) fail("timerfd_settime", errno);
}

void acknowledge(int timer) {
  uint64_t expirations;
  if (read(timer, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN) fail("timerfd", errno);
}

}  // namespace

void Generator::connect_all() {
  int64_t deadline = now_ns() + kConnectAllNs;
  for (size_t group = 0; group < spec_.groups.size(); ++group) {
    if (spec_.groups[group].kind == Kind::kConnect) continue;
    for (int i = 0; i < spec_.groups[group].connections; ++i) {
      while (unheard_ >= kMostUnheard && now_ns() < deadline) turn(100);
      open_client(group);
    }
  }
  while (unheard_ > 0 && now_ns() < deadline) turn(100);
  if (unheard_ > 0) fail("not every connection got through to the server within 60 s");
  lasting_ends_ = open_ends_;
}

void Generator::open_client(size_t group) {
  int64_t started = now_ns();
  int fd = start_connecting(spec_.connect);
  End* end = open_end(fd, Role::kConnecting);
  end->group = group;
  end->wants_out = true;
  end->started_ns = started;
  control(EPOLL_CTL_ADD, fd);
  if (spec_.groups[group].kind == Kind::kConnect) return;
  ++unheard_;
  clients_[group].push_back(fd);
}

void Generator::greet(int fd) {
  End& end = ends_[static_cast<size_t>(fd)];
  send_greeting(fd, {kGreetingMagic, fd, end.generation});
  end.sent += kGreetingBytes;
  on_its_way_ += kGreetingBytes;
  end.wants_out = false;
  if (epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr) != 0) fail("epoll_ctl", errno);
  end.role = Role::kClient;
  control(EPOLL_CTL_ADD, fd);
  if (group_of(end).kind != Kind::kConnect) return;
  end.is_busy = true;
  end.to_receive = group_of(end).response_bytes;
  ++busy_clients_;
}

void Generator::start_group(size_t group) {
  const Group& spec = spec_.groups[group];
  int64_t now = now_ns();
  if (spec.kind == Kind::kConnect)
    for (int i = 0; i < spec.connections; ++i) open_client(group);
  if (spec.is_paced()) set_timer(pace_timer_, spec.every_us * 1000);
  for (int fd : clients_[group]) {
    End& client = ends_[static_cast<size_t>(fd)];
    client.due_ns = now + spec.every_us * 1000;
    if (spec.kind == Kind::kRequest && !spec.is_paced()) start_request(fd, now);
    if (spec.kind == Kind::kBulk && spec.up) push(fd);
    if (spec.kind == Kind::kBulk && spec.down) push(client.other);
  }
}

void Generator::start_request(int fd, int64_t started_ns) {
  End& end = ends_[static_cast<size_t>(fd)];
  end.is_busy = true;
  ++busy_clients_;
  end.started_ns = started_ns;
  end.to_send = group_of(end).request_bytes;
  end.to_receive = group_of(end).response_bytes;
  push(fd);
}

// A paced client whose last answer is still out is passed over; end_round_trip sends its request late, and
// the wait counts, for a quiet user would have waited too.
void Generator::send_due_requests() {
  acknowledge(pace_timer_);
  if (!is_open_) return set_timer(pace_timer_, 0);
  int64_t now = now_ns();
  for (size_t group = 0; group < spec_.groups.size(); ++group) {
    if (!spec_.groups[group].is_paced()) continue;
    for (int fd : clients_[group]) {
      End& client = ends_[static_cast<size_t>(fd)];
      if (client.is_busy || client.due_ns > now) continue;
      client.due_ns += spec_.groups[group].every_us * 1000;
      start_request(fd, now);
    }
  }
}

// Inside a window slow readers are read by the timer only, outside it like everybody else.
void Generator::set_slow_readers() {
  bool has_slow = false;
  for (size_t group = 0; group < spec_.groups.size(); ++group) {
    if (!spec_.groups[group].is_slow_reader()) continue;
    has_slow = true;
    for (int fd : clients_[group]) control(EPOLL_CTL_MOD, fd);
  }
  if (has_slow) set_timer(slow_timer_, is_open_ ? kSlowTickNs : 0);
}

void Generator::read_slowly() {
  acknowledge(slow_timer_);
  for (size_t group = 0; group < spec_.groups.size(); ++group) {
    if (!spec_.groups[group].is_slow_reader()) continue;
    uint64_t helping =
        std::max<uint64_t>(1, spec_.groups[group].read_bytes_per_second * kSlowTickNs / 1'000'000'000);
    for (int fd : clients_[group]) client_readable(fd, helping);
  }
}

void Generator::client_readable(int fd, size_t most) {
  End& end = ends_[static_cast<size_t>(fd)];
  int64_t n = take(fd, most);
  if (n < 0) return;
  if (n == 0) return client_ended(fd);
  if (group_of(end).kind == Kind::kBulk) return;
  if (static_cast<uint64_t>(n) > end.to_receive) fail("a client received more than was sent to it");
  end.to_receive -= static_cast<uint64_t>(n);
  if (end.to_receive == 0 && group_of(end).kind != Kind::kConnect) end_round_trip(fd);
}

void Generator::client_ended(int fd) {
  End& end = ends_[static_cast<size_t>(fd)];
  if (group_of(end).kind == Kind::kConnect) {
    if (end.to_receive > 0) fail("a connection ended before its answer was complete");
    return end_round_trip(fd);
  }
  if (!is_finishing_) fail("a connection ended while the client was using it");
  check_counts(end);
  close_end(fd);
}

void Generator::end_round_trip(int fd) {
  End& end = ends_[static_cast<size_t>(fd)];
  const Group& group = group_of(end);
  Figures& figures = figures_[end.group];
  int64_t now = now_ns();
  figures.latency.add(now - end.started_ns);
  ++figures.round_trips;
  end.is_busy = false;
  --busy_clients_;
  if (group.kind == Kind::kConnect) {
    size_t index = end.group;
    close_end(fd);
    if (is_open_) open_client(index);
  } else if (is_open_ && !group.is_paced()) {
    start_request(fd, now);
  } else if (is_open_ && end.due_ns <= now) {
    start_request(fd, end.due_ns);
    end.due_ns += group.every_us * 1000;
  }
}

void Generator::check_counts(const End& client) const {
  const End& server = ends_[static_cast<size_t>(client.other)];
  if (client.sent != server.received) fail("the server did not receive exactly what a client sent");
  if (server.sent != client.received) fail("a client did not receive exactly what the server sent");
}
