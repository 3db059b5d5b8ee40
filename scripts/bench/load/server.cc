#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "net.h"

namespace {

// The most that one connection may send before the others get their turn.
constexpr uint64_t kBulkSendBytes = 512u << 10;
constexpr int kIdleMs = 1000;

}  // namespace

Server::Server(const Spec& spec, Shared* shared)
    : Loop(shared), spec_(spec), ends_(raise_fd_limit()), listener_(listen_on(spec.address)) {
  if (listener_ < 0) fail("listen", errno);
  watch(listener_, EPOLLIN);
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  watch(STDIN_FILENO, EPOLLIN);
}

void Server::run() {
  while (!(shared_->is_ending && shared_->server.open == 0)) {
    keep_window();
    int64_t next = is_open_ ? end_ns_ : start_ns_;
    bool is_due = window_ > shared_->closed_window;
    turn(is_due ? static_cast<int>(std::max<int64_t>(0, next - now_ns()) / 1'000'000 + 1) : kIdleMs);
  }
}

void Server::handle(int fd, uint32_t events) {
  if (fd == listener_) return accept_all();
  if (fd == STDIN_FILENO) return take_orders();
  if (end_of(fd).role == Role::kUnknown) return receive_greeting(fd);
  if (events & EPOLLOUT) push(fd);
  if (events & ~static_cast<uint32_t>(EPOLLOUT)) read_some(fd);
}

void Server::take_orders() {
  char text[256];
  ssize_t n = read(STDIN_FILENO, text, sizeof(text));
  if (n == 0) fail("stdin was closed");
  if (n < 0) return;
  orders_.append(text, static_cast<size_t>(n));
  for (size_t end = orders_.find('\n'); end != std::string::npos; end = orders_.find('\n')) {
    obey(orders_.substr(0, end));
    orders_.erase(0, end + 1);
  }
}

void Server::obey(const std::string& line) {
  if (sscanf(line.c_str(), "window %" SCNu64 " %" SCNd64 " %" SCNd64, &window_, &start_ns_, &end_ns_) == 3)
    return;
  if (line != "end") fail("stdin: expected \"window N START END\" or \"end\"");
  shared_->is_ending = true;
  tell_all_wishes();
}

// Opens and closes the window that it was told to run. It sends the last byte of a window before it writes
// the window's number.
void Server::keep_window() {
  if (window_ <= shared_->closed_window) return;
  int64_t now = now_ns();
  bool is_within = now >= start_ns_ && now < end_ns_;
  if (is_within != is_open_) {
    is_open_ = is_within;
    tell_all_wishes();
  }
  if (now >= end_ns_) shared_->closed_window = window_;
}

void Server::tell_all_wishes() {
  for (int fd : senders_)
    if (end_of(fd).role == Role::kKnown) tell_wishes(fd);
}

void Server::accept_all() {
  for (int fd = accept_one(listener_); fd >= 0; fd = accept_one(listener_)) {
    end_of(fd) = End();
    end_of(fd).role = Role::kUnknown;
    watch(fd, EPOLLIN);
    ++shared_->server.open;
  }
}

void Server::receive_greeting(int fd) {
  End& end = end_of(fd);
  end.greeting = ::receive_greeting(fd);
  if (end.greeting.run != shared_->run || end.greeting.group >= kMostGroups)
    fail("a connection came from another run");
  end.role = Role::kKnown;
  if (end.greeting.kind == Kind::kConnect) return answer_and_end(fd);
  if (end.greeting.slot < 0 || static_cast<uint64_t>(end.greeting.slot) >= kMostSlots) fail("no such slot");
  if (end.greeting.is_paced) {
    forget(fd);
    watch(fd, EPOLLIN, true);
  }
  if (end.greeting.down) senders_.push_back(fd);
  tell_wishes(fd);
  ++shared_->heard;
}

// The server ends first. If the client did, the proxy's own dials would spend their time on a search for
// local ports that are not in TIME_WAIT, and the bench would measure that.
void Server::answer_and_end(int fd) {
  int64_t length = static_cast<int64_t>(end_of(fd).greeting.response_bytes);
  if (send_pattern(fd, 0, static_cast<uint64_t>(length)) != length || shutdown(fd, SHUT_WR) != 0)
    fail("answering and ending a short connection", errno);
}

bool Server::has_bulk(const End& end) const {
  if (end.greeting.kind != Kind::kBulk || !end.greeting.down) return false;
  return end.greeting.is_held_back ? !shared_->is_ending : is_open_;
}

void Server::tell_wishes(int fd) {
  const End& end = end_of(fd);
  change(fd, EPOLLIN | (has_bulk(end) || end.to_send > 0 ? EPOLLOUT : 0u));
}

void Server::push(int fd) {
  End& end = end_of(fd);
  bool is_bulk = end.greeting.kind == Kind::kBulk;
  uint64_t length = is_bulk ? (has_bulk(end) ? kBulkSendBytes : 0) : end.to_send;
  while (length > 0) {
    int64_t n = send_pattern(fd, end.sent, length);
    if (n < 0) break;
    end.sent += static_cast<uint64_t>(n);
    length -= static_cast<uint64_t>(n);
  }
  shared_->slots[end.greeting.slot].server_sent = end.sent;
  if (!is_bulk) end.to_send = length;
  tell_wishes(fd);
}

void Server::read_some(int fd) {
  End& end = end_of(fd);
  const Greeting& greeting = end.greeting;
  int64_t n = receive_pattern(fd, end.received, SIZE_MAX, spec_.look);
  if (n < 0) return;
  bool is_short = greeting.kind == Kind::kConnect;
  if (n == 0) {
    if (!is_short && !shared_->is_ending) fail("a connection ended while the server was using it");
    return close_end(fd);
  }
  if (is_short) fail("a short connection brought more than its greeting");
  end.received += static_cast<uint64_t>(n);
  shared_->slots[greeting.slot].server_received = end.received;
  shared_->server.bytes[greeting.group] += static_cast<uint64_t>(n);
  shared_->server.last_ns = now_ns();
  if (greeting.kind != Kind::kRequest) return;
  for (end.to_answer += static_cast<uint64_t>(n); end.to_answer >= greeting.request_bytes;) {
    end.to_answer -= greeting.request_bytes;
    end.to_send += greeting.response_bytes;
  }
  if (end.to_send > 0) push(fd);
}

void Server::close_end(int fd) {
  forget(fd);
  close(fd);
  end_of(fd).role = Role::kNone;
  --shared_->server.open;
}
