// The reference for what the kernel itself costs: a TCP proxy that does nothing but splice, in one epoll
// loop. No timeouts, no errors told apart, no copying for small messages, urgent bytes hang it: not for use.
// Kernel pipes are shared: a direction owns one only while bytes are left in it.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int kPipeBytes = 1 << 20;

struct Pipe {
  int out, in;
};

struct Side {
  int fd = -1;
  bool has_sent_end = false;
  Pipe pipe{-1, -1};  // leased: bytes that came from this side and wait for the other
  size_t inside = 0;
};

struct Connection {
  Side client, backend;
};

int epoll;
std::vector<Pipe> spare_pipes;
std::vector<Connection*> by_fd;

[[noreturn]] void die(const char* what) {
  perror(what);
  exit(1);
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

void give_back_pipe(Side* side) {
  if (side->pipe.in < 0) return;
  if (side->inside == 0) {
    spare_pipes.push_back(side->pipe);
  } else {
    close(side->pipe.in);
    close(side->pipe.out);
  }
  side->pipe = {-1, -1};
}

int set_up(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

void watch(int fd, Connection* connection) {
  by_fd[static_cast<size_t>(fd)] = connection;
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.fd = fd}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

void close_both(Connection* connection) {
  for (Side* side : {&connection->client, &connection->backend}) {
    give_back_pipe(side);
    by_fd[static_cast<size_t>(side->fd)] = nullptr;
    close(side->fd);
  }
  delete connection;
}

// Empties the pipe of `from` into `to`. False when the connection is broken.
bool flush(Side* from, Side* to) {
  while (from->inside > 0) {
    ssize_t n = splice(from->pipe.out, nullptr, to->fd, nullptr, from->inside, SPLICE_F_NONBLOCK);
    if (n < 0) return errno == EAGAIN;
    from->inside -= static_cast<size_t>(n);
  }
  give_back_pipe(from);
  return true;
}

// Moves what is there from `from` to `to`. False when the connection is broken.
bool move(Side* from, Side* to) {
  if (to->has_sent_end) return true;
  for (;;) {
    if (!flush(from, to)) return false;
    if (from->inside > 0) return true;
    if (from->pipe.in < 0) from->pipe = lease_pipe();
    ssize_t n = splice(from->fd, nullptr, from->pipe.in, nullptr, kPipeBytes, SPLICE_F_NONBLOCK);
    if (n <= 0) give_back_pipe(from);
    if (n < 0) return errno == EAGAIN;
    if (n == 0) {
      to->has_sent_end = true;
      shutdown(to->fd, SHUT_WR);
      return true;
    }
    from->inside = static_cast<size_t>(n);
  }
}

void serve(Connection* connection) {
  bool is_whole =
      move(&connection->client, &connection->backend) && move(&connection->backend, &connection->client);
  bool has_ended = connection->client.has_sent_end && connection->backend.has_sent_end;
  if (!is_whole || has_ended) close_both(connection);
}

void accept_all(int listener, const sockaddr_in& backend) {
  for (;;) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    auto* connection = new Connection;
    connection->client.fd = fd;
    connection->backend.fd = set_up(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (connection->backend.fd < 0) die("socket");
    int result =
        connect(connection->backend.fd, reinterpret_cast<const sockaddr*>(&backend), sizeof(backend));
    if (result != 0 && errno != EINPROGRESS) die("connect");
    watch(connection->backend.fd, connection);
    watch(fd, connection);
  }
}

sockaddr_in address_of(const char* host, const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(atoi(port)));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die(host);
  return address;
}

int listen_on(const sockaddr_in& address) {
  int fd = set_up(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) die("bind");
  if (listen(fd, 4096) != 0) die("listen");
  return fd;
}

size_t raise_fd_limit() {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: splice_loop LISTEN_IP LISTEN_PORT BACKEND_IP BACKEND_PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  by_fd.resize(raise_fd_limit());
  sockaddr_in backend = address_of(argv[3], argv[4]);
  int listener = listen_on(address_of(argv[1], argv[2]));
  epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{EPOLLIN, {.fd = listener}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) die("epoll_ctl");
  for (;;) {
    epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      int fd = events[i].data.fd;
      if (fd == listener)
        accept_all(listener, backend);
      else if (by_fd[static_cast<size_t>(fd)] != nullptr)
        serve(by_fd[static_cast<size_t>(fd)]);
    }
  }
}
