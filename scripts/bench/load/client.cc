#include "client.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "net.h"

namespace {

// As many connects at once as fit every proxy's default backlog with room to spare.
constexpr uint64_t kMostUnheard = 64;
constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kConnectAllNs = 60 * kNsPerSecond;
// More than the slowest proxy needs to hand over what all its buffers can hold.
constexpr int64_t kStallNs = 15 * kNsPerSecond;
constexpr int64_t kHoldTickNs = 10'000'000;
// How long nothing more must have been sent to readers that are held back before they count as stuck.
constexpr int64_t kSettledNs = 100'000'000;
// The most one connection may send before the others get their turn.
constexpr uint64_t kBulkSendBytes = 512u << 10;

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

// How often a timer has fired since it was last asked.
uint64_t expirations_of(int timer) {
  uint64_t expirations = 0;
  if (read(timer, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN) fail("timerfd", errno);
  return expirations;
}

}  // namespace

Client::Client(const Spec& spec, Shared* shared)
    : Loop(shared),
      spec_(spec),
      figures_(spec.groups.size()),
      ends_(raise_fd_limit()),
      clients_(spec.groups.size()),
      pace_timer_(make_timer()),
      hold_timer_(make_timer()) {
  if (ends_.size() > kMostSlots) ends_.resize(kMostSlots);
  watch(pace_timer_, EPOLLIN, true);
  watch(hold_timer_, EPOLLIN);
}

void Client::handle(int fd, uint32_t events) {
  if (fd == pace_timer_) return send_due_requests();
  if (fd == hold_timer_) return read_held_back();
  End& end = end_of(fd);
  if (end.role == Role::kConnecting) return greet(fd);
  if (events & EPOLLOUT) push(fd);
  if (events & ~static_cast<uint32_t>(EPOLLOUT)) read_some(fd, SIZE_MAX);
}

void Client::connect_all(bool late) {
  int64_t deadline = now_ns() + kConnectAllNs;
  auto is_waiting = [&](uint64_t most) {
    return static_cast<uint64_t>(connecting_) + greeted_ - shared_->heard > most && now_ns() < deadline;
  };
  for (size_t group = 0; group < spec_.groups.size(); ++group) {
    if (spec_.groups[group].kind == Kind::kConnect || spec_.groups[group].is_late != late) continue;
    for (int i = 0; i < spec_.groups[group].connections; ++i) {
      while (is_waiting(kMostUnheard)) turn(1);
      open(group);
    }
  }
  while (is_waiting(0)) turn(1);
  if (connecting_ > 0 || greeted_ > shared_->heard) fail("not every connection got through to the server within 60 s");
  lasting_ends_ = open_ends_;
  wait_until_held_back();
}

// Until those to be held back have read what they read at first, and everything behind them is full.
void Client::wait_until_held_back() {
  int64_t deadline = now_ns() + kConnectAllNs;
  while (reading_ > 0 && now_ns() < deadline) turn(10);
  if (reading_ > 0) fail("the readers to be held back did not get their first bytes within 60 s");
  bool has_held_back = std::ranges::any_of(spec_.groups, [](const Group& group) { return group.is_held_back(); });
  for (uint64_t before = 0, now = 1; has_held_back && now != before && now_ns() < deadline; now = sent()) {
    before = sent();
    turn_until(now_ns() + kSettledNs);
  }
}

void Client::open(size_t group) {
  int64_t started = now_ns();
  int fd = connect_to(spec_.address);
  if (fd < 0 || static_cast<size_t>(fd) >= ends_.size()) fail("connect", errno);
  end_of(fd) = End();
  end_of(fd).role = Role::kConnecting;
  end_of(fd).group = group;
  end_of(fd).asked_ns = started;
  watch(fd, EPOLLOUT);
  ++open_ends_;
  if (spec_.groups[group].kind == Kind::kConnect) return;
  ++connecting_;
  reading_ += spec_.groups[group].is_held_back();
  clients_[group].push_back(fd);
}

void Client::greet(int fd) {
  End& end = end_of(fd);
  const Group& group = group_of(end);
  bool is_short = group.kind == Kind::kConnect;
  Greeting greeting{};
  greeting.run = shared_->run;
  greeting.request_bytes = group.request_bytes;
  greeting.response_bytes = group.response_bytes;
  greeting.slot = is_short ? -1 : fd;
  greeting.group = static_cast<uint32_t>(end.group);
  greeting.kind = group.kind;
  greeting.down = group.down;
  greeting.is_paced = group.is_paced();
  greeting.is_held_back = group.is_held_back();
  send_greeting(fd, greeting);
  forget(fd);
  end.role = Role::kOpen;
  watch(fd, EPOLLIN, group.is_paced());
  if (is_short) return expect_response(&end, end.asked_ns);
  ++greeted_;
  --connecting_;
}

int64_t Client::run_window(uint64_t number, int64_t start_ns, int64_t end_ns) {
  std::vector<uint64_t> before;
  for (size_t i = 0; i < figures_.size(); ++i) {
    figures_[i] = Figures();
    before.push_back(shared_->client.bytes[i] + shared_->server.bytes[i]);
  }
  turn_until(start_ns);
  is_open_ = true;
  for (size_t i = 0; i < figures_.size(); ++i) start_group(i);
  turn_until(end_ns);
  is_open_ = false;
  for (size_t i = 0; i < figures_.size(); ++i) stop_group(i);
  wait_until_quiet(number);
  for (size_t i = 0; i < figures_.size(); ++i)
    figures_[i].bytes = shared_->client.bytes[i] + shared_->server.bytes[i] - before[i];
  return std::max({end_ns, shared_->client.last_ns.load(), shared_->server.last_ns.load()}) - start_ns;
}

void Client::start_group(size_t group) {
  const Group& spec = spec_.groups[group];
  if (spec.kind == Kind::kConnect)
    for (int i = 0; i < spec.connections; ++i) open(group);
  if (spec.is_paced()) set_timer(pace_timer_, spec.every_us * 1000);
  if (spec.held_bytes_per_second > 0) set_timer(hold_timer_, kHoldTickNs);
  for (int fd : clients_[group]) {
    if (spec.kind == Kind::kRequest && !spec.is_paced()) start_request(fd);
    if (spec.kind == Kind::kBulk) tell_wishes(fd);
  }
}

void Client::stop_group(size_t group) {
  if (spec_.groups[group].held_bytes_per_second > 0) set_timer(hold_timer_, 0);
  for (int fd : clients_[group]) tell_wishes(fd);
}

// What the loop is to tell of a connection: EPOLLOUT is for those that have something to send.
void Client::tell_wishes(int fd) {
  const End& end = end_of(fd);
  bool has_bulk = group_of(end).kind == Kind::kBulk && group_of(end).up && is_open_;
  bool wants_in = !end.is_held_back || is_finishing_;
  change(fd, (wants_in ? EPOLLIN : 0u) | (has_bulk || end.to_send > 0 ? EPOLLOUT : 0u));
}

void Client::push(int fd) {
  End& end = end_of(fd);
  bool is_bulk = group_of(end).kind == Kind::kBulk;
  uint64_t length = is_bulk ? (is_open_ ? kBulkSendBytes : 0) : end.to_send;
  while (length > 0) {
    int64_t n = send_pattern(fd, end.sent, length);
    if (n < 0) break;
    end.sent += static_cast<uint64_t>(n);
    length -= static_cast<uint64_t>(n);
  }
  slot_of(fd).client_sent = end.sent;
  if (!is_bulk) end.to_send = length;
  tell_wishes(fd);
}

void Client::expect_response(End* end, int64_t now) {
  if (end->to_receive == 0) end->asked_ns = now;
  end->to_receive += group_of(*end).response_bytes;
  ++awaited_;
}

void Client::start_request(int fd) {
  End& end = end_of(fd);
  expect_response(&end, now_ns());
  end.to_send += group_of(end).request_bytes;
  push(fd);
}

// Paced requests leave on time, whatever is still awaited: a quiet user does not wait for the proxy either.
void Client::send_due_requests() {
  uint64_t due = expirations_of(pace_timer_);
  if (!is_open_) return set_timer(pace_timer_, 0);
  for (size_t group = 0; group < spec_.groups.size(); ++group)
    for (int fd : clients_[group])
      for (uint64_t i = 0; i < due && spec_.groups[group].is_paced(); ++i) start_request(fd);
}

void Client::read_held_back() {
  expirations_of(hold_timer_);
  for (size_t group = 0; group < spec_.groups.size(); ++group) {
    uint64_t helping = spec_.groups[group].held_bytes_per_second * kHoldTickNs / kNsPerSecond;
    if (helping == 0) continue;
    for (int fd : clients_[group]) read_some(fd, helping);
  }
}

void Client::read_some(int fd, size_t most) {
  End& end = end_of(fd);
  int64_t n = receive_pattern(fd, end.received, most, spec_.look);
  if (n < 0) return;
  if (n == 0) return ended(fd);
  uint64_t bytes = static_cast<uint64_t>(n);
  const Group& group = group_of(end);
  end.received += bytes;
  shared_->client.bytes[end.group] += bytes;
  shared_->client.last_ns = now_ns();
  if (group.kind != Kind::kConnect) slot_of(fd).client_received = end.received;
  if (group.kind != Kind::kBulk) return take_response(fd, bytes);
  bool is_enough = group.is_held_back() && !end.is_held_back && end.received >= group.hold_after_bytes;
  if (!is_enough || is_finishing_) return;
  end.is_held_back = true;
  --reading_;
  tell_wishes(fd);
}

void Client::take_response(int fd, uint64_t bytes) {
  End& end = end_of(fd);
  const Group& group = group_of(end);
  if (bytes > end.to_receive) fail("a client received more than was sent to it");
  auto responses = [&] { return (end.to_receive + group.response_bytes - 1) / group.response_bytes; };
  uint64_t before = responses();
  end.to_receive -= bytes;
  if (group.kind == Kind::kConnect) return;
  end_round_trips(&end, before - responses());
  if (is_open_ && end.to_receive == 0 && !group.is_paced()) start_request(fd);
}

void Client::ended(int fd) {
  End& end = end_of(fd);
  size_t group = end.group;
  bool is_short = spec_.groups[group].kind == Kind::kConnect;
  if (!is_short && !is_finishing_) fail("a connection ended while the client was using it");
  if (end.to_receive > 0) fail("a connection ended before its answer was complete");
  if (is_short) end_round_trips(&end, 1);
  const Slot& slot = slot_of(fd);
  if (!is_short && end.sent != slot.server_received) fail("the server did not receive exactly what a client sent");
  if (!is_short && end.received != slot.server_sent) fail("a client did not receive exactly what the server sent");
  forget(fd);
  close(fd);
  end.role = Role::kNone;
  --open_ends_;
  if (is_short && is_open_) open(group);
}

void Client::end_round_trips(End* end, uint64_t count) {
  Figures& figures = figures_[end->group];
  int64_t now = now_ns();
  for (uint64_t i = 0; i < count; ++i) {
    figures.latency.add(now - end->asked_ns);
    end->asked_ns += group_of(*end).every_us * 1000;
    ++figures.round_trips;
    --awaited_;
  }
}

void Client::wait_until_quiet(uint64_t window) {
  int64_t deadline = now_ns() + kStallNs;
  while (!is_quiet(window)) {
    if (now_ns() > deadline) fail("stalled: bytes or answers on their way did not arrive within 15 s");
    turn(1);
  }
}

// The window's number is written after the last byte of it was sent: equal counts are final then.
bool Client::is_quiet(uint64_t window) const {
  return shared_->closed_window >= window && awaited_ == 0 && open_ends_ == lasting_ends_ &&
         shared_->server.open == lasting_ends_ && has_everything_arrived();
}

// Between the ends of those who are not held back: what is under way to the others stays there.
bool Client::has_everything_arrived() const {
  for (size_t group = 0; group < clients_.size(); ++group) {
    if (spec_.groups[group].is_held_back() && !is_finishing_) continue;
    for (int fd : clients_[group]) {
      const Slot& slot = slot_of(fd);
      if (slot.client_sent != slot.server_received || slot.server_sent != slot.client_received) return false;
    }
  }
  return true;
}

uint64_t Client::sent() const {
  uint64_t sum = 0;
  for (const std::vector<int>& group : clients_)
    for (int fd : group) sum += slot_of(fd).client_sent + slot_of(fd).server_sent;
  return sum;
}

uint64_t Client::received() const {
  uint64_t sum = 0;
  for (const std::vector<int>& group : clients_)
    for (int fd : group) sum += slot_of(fd).client_received + slot_of(fd).server_received;
  return sum;
}

void Client::finish() {
  is_finishing_ = true;
  for (const std::vector<int>& group : clients_)
    for (int fd : group) tell_wishes(fd);
  int64_t deadline = now_ns() + kStallNs;
  while (!(shared_->is_ending && has_everything_arrived())) {
    if (now_ns() > deadline) fail("stalled: what was under way to held back readers did not arrive within 15 s");
    turn(1);
  }
  for (const std::vector<int>& group : clients_)
    for (int fd : group)
      if (shutdown(fd, SHUT_WR) != 0) fail("shutdown", errno);
  lasting_ends_ = 0;
  for (std::vector<int>& group : clients_) group.clear();
  wait_until_quiet(0);
}
