// The life of the clients: they connect, take part in windows, and end. client_traffic.cc has what they send
// and receive.
#include "client.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "net.h"
#include "timer.h"

namespace {

// The number of connects at once. It leaves room in every proxy's default backlog.
constexpr uint64_t kMostUnheard = 64;
constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kConnectAllNs = 60 * kNsPerSecond;
// More than the slowest proxy needs to hand over what all its buffers can hold.
constexpr int64_t kStallNs = 15 * kNsPerSecond;
// Readers that are held back count as stuck when nothing more was sent to them for this long.
constexpr int64_t kSettledNs = 100'000'000;

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
  if (std::ranges::any_of(spec.groups, &Group::is_paced)) watch(pace_timer_, EPOLLIN, true);
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
  if (connecting_ > 0 || greeted_ > shared_->heard)
    fail("not every connection got through to the server within 60 s");
  lasting_ends_ = open_ends_;
  wait_until_held_back();
}

// Waits until the readers to be held back have read their first bytes, and everything behind them is full.
void Client::wait_until_held_back() {
  int64_t deadline = now_ns() + kConnectAllNs;
  while (reading_ > 0 && now_ns() < deadline) turn(10);
  if (reading_ > 0) fail("the readers to be held back did not get their first bytes within 60 s");
  bool has_held_back = std::ranges::any_of(spec_.groups, &Group::is_held_back);
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

// Tells the loop which events a connection needs. EPOLLOUT is for those that have something to send.
void Client::tell_wishes(int fd) {
  const End& end = end_of(fd);
  bool has_bulk = group_of(end).kind == Kind::kBulk && group_of(end).up && is_open_;
  bool wants_in = !end.is_held_back || is_finishing_;
  change(fd, (wants_in ? EPOLLIN : 0u) | (has_bulk || end.to_send > 0 ? EPOLLOUT : 0u));
}

void Client::wait_until_quiet(uint64_t window) {
  int64_t deadline = now_ns() + kStallNs;
  while (!is_quiet(window)) {
    if (now_ns() > deadline) fail("stalled: bytes or answers on their way did not arrive within 15 s");
    turn(1);
  }
}

// The server writes a window's number after it has sent the last byte of the window. So equal counts are
// final then.
bool Client::is_quiet(uint64_t window) const {
  return shared_->closed_window >= window && awaited_ == 0 && open_ends_ == lasting_ends_ &&
         shared_->server.open == lasting_ends_ && has_everything_arrived();
}

// Compares the ends of connections that are not held back. What is under way to the others stays there.
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
    if (now_ns() > deadline)
      fail("stalled: what was under way to held back readers did not arrive within 15 s");
    turn(1);
  }
  for (const std::vector<int>& group : clients_)
    for (int fd : group)
      if (shutdown(fd, SHUT_WR) != 0) fail("shutdown", errno);
  lasting_ends_ = 0;
  for (std::vector<int>& group : clients_) group.clear();
  wait_until_quiet(0);
}
