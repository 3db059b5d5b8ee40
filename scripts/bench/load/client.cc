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

// How often a timer has fired since it was last asked.
uint64_t expirations_of(int timer) {
  uint64_t expirations = 0;
  if (read(timer, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN) fail("timerfd", errno);
  return expirations;
}

}  // namespace

void Generator::connect_all(bool late) {
  int64_t deadline = now_ns() + kConnectAllNs;
  for (size_t group = 0; group < spec_.groups.size(); ++group) {
    if (spec_.groups[group].kind == Kind::kConnect || spec_.groups[group].is_late != late) continue;
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
  end->asked_ns = started;
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
  if (group_of(end).kind == Kind::kConnect) expect_response(&end, end.asked_ns);
}

void Generator::start_group(size_t group) {
  const Group& spec = spec_.groups[group];
  if (spec.kind == Kind::kConnect)
    for (int i = 0; i < spec.connections; ++i) open_client(group);
  if (spec.is_paced()) set_timer(pace_timer_, spec.every_us * 1000);
  for (int fd : clients_[group]) {
    const End& client = ends_[static_cast<size_t>(fd)];
    if (spec.kind == Kind::kRequest && !spec.is_paced()) start_request(fd);
    if (spec.kind == Kind::kBulk && spec.up) push(fd);
    if (spec.kind == Kind::kBulk && spec.down) push(client.other);
  }
}

void Generator::expect_response(End* client, int64_t now) {
  if (client->to_receive == 0) client->asked_ns = now;
  client->to_receive += group_of(*client).response_bytes;
  ++awaited_;
}

void Generator::start_request(int fd) {
  End& client = ends_[static_cast<size_t>(fd)];
  expect_response(&client, now_ns());
  client.to_send += group_of(client).request_bytes;
  push(fd);
}

// Paced requests leave on time, whatever is still awaited: a quiet user does not wait for the proxy either.
void Generator::send_due_requests() {
  uint64_t due = expirations_of(pace_timer_);
  if (!is_open_) return set_timer(pace_timer_, 0);
  for (size_t group = 0; group < spec_.groups.size(); ++group)
    for (int fd : clients_[group])
      for (uint64_t i = 0; i < due && spec_.groups[group].is_paced(); ++i) start_request(fd);
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
  expirations_of(slow_timer_);
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
  const Group& group = group_of(end);
  if (group.kind == Kind::kBulk) return;
  if (static_cast<uint64_t>(n) > end.to_receive) fail("a client received more than was sent to it");
  auto responses = [&] { return (end.to_receive + group.response_bytes - 1) / group.response_bytes; };
  uint64_t before = responses();
  end.to_receive -= static_cast<uint64_t>(n);
  if (group.kind == Kind::kConnect) return;
  end_round_trips(&end, before - responses());
  if (is_open_ && end.to_receive == 0 && !group.is_paced()) start_request(fd);
}

void Generator::client_ended(int fd) {
  End& end = ends_[static_cast<size_t>(fd)];
  size_t group = end.group;
  bool is_short = spec_.groups[group].kind == Kind::kConnect;
  if (!is_short && !is_finishing_) fail("a connection ended while the client was using it");
  if (end.to_receive > 0) fail("a connection ended before its answer was complete");
  if (is_short)
    end_round_trips(&end, 1);
  else
    check_counts(end);
  close_end(fd);
  if (is_short && is_open_) open_client(group);
}

void Generator::end_round_trips(End* client, uint64_t count) {
  Figures& figures = figures_[client->group];
  int64_t now = now_ns();
  for (uint64_t i = 0; i < count; ++i) {
    figures.latency.add(now - client->asked_ns);
    client->asked_ns += group_of(*client).every_us * 1000;
    ++figures.round_trips;
    --awaited_;
  }
}

void Generator::check_counts(const End& client) const {
  const End& server = ends_[static_cast<size_t>(client.other)];
  if (client.sent != server.received) fail("the server did not receive exactly what a client sent");
  if (server.sent != client.received) fail("a client did not receive exactly what the server sent");
}
