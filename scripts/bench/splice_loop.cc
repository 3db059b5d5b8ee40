// The reference for what the kernel itself costs: a proxy that only splices, in one epoll loop. A source
// whose sink is full is muted: EPOLLIN is taken off it until the sink takes bytes again, so that no segment
// wakes the process for nothing. A direction makes one move (in and out) and then goes to the end of the
// line. Kernel pipes are shared: a direction owns one only while bytes are left in it. It has no timeouts,
// does not tell errors apart, copies no small messages, and hangs at urgent bytes. So it is not for real use.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

#include "load/address.h"

namespace {

constexpr int kPipeBytes = 1 << 20;
constexpr uint32_t kAlways = EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr uint32_t kInput = EPOLLIN | EPOLLPRI;

struct Pipe {
  int out, in;
};

struct Connection;

// Bytes that come from one socket of a connection and go to the other.
struct Direction {
  Connection* connection = nullptr;
  int from = -1;
  int to = -1;
  Pipe pipe{-1, -1};  // leased while bytes are inside
  size_t inside = 0;
  bool is_in_line = false;
  bool is_muted = false;
  bool has_ended = false;
};

struct Connection {
  Direction up, down;
  bool is_over = false;
};

int epoll;
std::vector<Pipe> spare_pipes;
std::vector<Direction*> by_source;  // by fd
std::deque<Direction*> line;        // those with something to do
std::vector<Connection*> over;      // freed when no event of this turn can name them

[[noreturn]] void die(const char* what) {
  perror(what);
  exit(1);
}

Direction* other_of(Direction* direction) {
  Connection* connection = direction->connection;
  return direction == &connection->up ? &connection->down : &connection->up;
}

Pipe lease_pipe() {
  if (!spare_pipes.empty()) {
    Pipe pipe = spare_pipes.back();
    spare_pipes.pop_back();
    return pipe;
  }
  int fds[2];
  if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) die("pipe2");
  fcntl(fds[1], F_SETPIPE_SZ, kPipeBytes);
  return {fds[0], fds[1]};
}

void give_back_pipe(Direction* direction) {
  if (direction->pipe.in < 0) return;
  if (direction->inside == 0) {
    spare_pipes.push_back(direction->pipe);
  } else {
    close(direction->pipe.in);
    close(direction->pipe.out);
  }
  direction->pipe = {-1, -1};
}

void watch(int operation, int fd, uint32_t events) {
  epoll_event event{events, {.fd = fd}};
  if (epoll_ctl(epoll, operation, fd, &event) != 0) die("epoll_ctl");
}

// An edge-triggered MOD reports what is there: no event is lost between muting and unmuting.
void set_muted(Direction* direction, bool is_muted) {
  if (direction->is_muted == is_muted) return;
  direction->is_muted = is_muted;
  watch(EPOLL_CTL_MOD, direction->from, is_muted ? kAlways : kAlways | kInput);
}

void join_line(Direction* direction) {
  if (direction->is_in_line || direction->has_ended) return;
  direction->is_in_line = true;
  line.push_back(direction);
}

void end_connection(Connection* connection) {
  if (connection->is_over) return;
  connection->is_over = true;
  for (Direction* direction : {&connection->up, &connection->down}) {
    give_back_pipe(direction);
    by_source[static_cast<size_t>(direction->from)] = nullptr;
    close(direction->from);
  }
  over.push_back(connection);
}

// Empties the pipe into the sink as far as it goes. Returns false if the connection is broken.
bool flush(Direction* direction) {
  while (direction->inside > 0) {
    ssize_t n =
        splice(direction->pipe.out, nullptr, direction->to, nullptr, direction->inside, SPLICE_F_NONBLOCK);
    if (n < 0 && errno != EAGAIN) return false;
    if (n < 0) return true;
    direction->inside -= static_cast<size_t>(n);
  }
  give_back_pipe(direction);
  return true;
}

void pass_end_on(Direction* direction) {
  direction->has_ended = true;
  shutdown(direction->to, SHUT_WR);
}

// Makes one move. A direction that may have more goes to the end of the line. Returns false if the connection
// is broken.
bool move(Direction* direction) {
  if (!flush(direction)) return false;
  if (direction->inside > 0) return true;  // an event of the sink follows
  if (direction->is_muted) return set_muted(direction, false), true;
  direction->pipe = lease_pipe();
  ssize_t n = splice(direction->from, nullptr, direction->pipe.in, nullptr, kPipeBytes, SPLICE_F_NONBLOCK);
  if (n <= 0) give_back_pipe(direction);
  if (n < 0) return errno == EAGAIN;
  if (n == 0) return pass_end_on(direction), true;
  direction->inside = static_cast<size_t>(n);
  if (!flush(direction)) return false;
  if (direction->inside > 0)
    set_muted(direction, true);
  else
    join_line(direction);
  return true;
}

void serve_line() {
  for (size_t rest = line.size(); rest > 0; --rest) {
    Direction* direction = line.front();
    line.pop_front();
    direction->is_in_line = false;
    Connection* connection = direction->connection;
    if (connection->is_over || direction->has_ended) continue;
    if (!move(direction) || (connection->up.has_ended && connection->down.has_ended))
      end_connection(connection);
  }
}

void take_event(int fd, uint32_t events) {
  Direction* source = by_source[static_cast<size_t>(fd)];
  if (source == nullptr) return;
  if (events & ~static_cast<uint32_t>(EPOLLOUT) && !source->is_muted) join_line(source);
  Direction* sink = other_of(source);
  if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP) && sink->inside > 0) join_line(sink);
}

void open_connection(int client, const Address& backend_address) {
  int backend = connect_to(backend_address);
  if (backend < 0) die("connect");
  auto* connection = new Connection;
  connection->up.connection = connection->down.connection = connection;
  connection->up.from = connection->down.to = client;
  connection->up.to = connection->down.from = backend;
  by_source[static_cast<size_t>(client)] = &connection->up;
  by_source[static_cast<size_t>(backend)] = &connection->down;
  watch(EPOLL_CTL_ADD, backend, kAlways | kInput);
  watch(EPOLL_CTL_ADD, client, kAlways | kInput);
}

void accept_all(int listener, const Address& backend) {
  for (;;) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    open_connection(fd, backend);
  }
}

size_t raise_fd_limit() {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void turn(int listener, const Address& backend) {
  epoll_event events[256];
  int count = epoll_wait(epoll, events, 256, line.empty() ? -1 : 0);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == listener)
      accept_all(listener, backend);
    else
      take_event(events[i].data.fd, events[i].events);
  }
  serve_line();
}

// A connection whose directions still stand in the line waits for another turn.
void free_what_is_over() {
  std::erase_if(over, [](Connection* connection) {
    bool is_named = connection->up.is_in_line || connection->down.is_in_line;
    if (!is_named) delete connection;
    return !is_named;
  });
}

}  // namespace

int main(int argc, char** argv) {
  Address listen_address, backend;
  if (argc != 3 || !parse_address(argv[1], &listen_address) || !parse_address(argv[2], &backend)) {
    fprintf(stderr, "usage: splice_loop LISTEN BACKEND, each IP:PORT or unix:PATH\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  by_source.resize(raise_fd_limit());
  int listener = listen_on(listen_address);
  if (listener < 0) die("listen");
  epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(EPOLL_CTL_ADD, listener, EPOLLIN);
  for (;;) {
    turn(listener, backend);
    free_what_is_over();
  }
}
