// What clients send, receive and count.
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "client.h"
#include "net.h"
#include "timer.h"

namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
// The most that one connection may send before the others get their turn.
constexpr uint64_t kBulkSendBytes = 512u << 10;

}  // namespace

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

// Paced requests leave on time, whatever answers are still missing, because a quiet user does not wait for
// the proxy either.
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
  if (!is_short && end.sent != slot.server_received)
    fail("the server did not receive exactly what a client sent");
  if (!is_short && end.received != slot.server_sent)
    fail("a client did not receive exactly what the server sent");
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
