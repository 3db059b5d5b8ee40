// The server of a load: it learns from a greeting which client is at the other end, and plays that part.
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "generator.h"
#include "greeting.h"
#include "net.h"

void Generator::accept_all() {
  for (int fd = accept_one(listener_); fd >= 0; fd = accept_one(listener_)) {
    open_end(fd, Role::kUnknown);
    control(EPOLL_CTL_ADD, fd);
  }
}

void Generator::receive_greeting(int fd) {
  Greeting greeting = ::receive_greeting(fd);
  End& end = ends_[static_cast<size_t>(fd)];
  End& client = ends_[static_cast<size_t>(greeting.fd)];
  if (client.role != Role::kClient || client.generation != greeting.generation)
    fail("a connection reached the server whose client is gone");
  client.other = fd;
  end.other = greeting.fd;
  end.group = client.group;
  end.received += kGreetingBytes;
  on_its_way_ -= kGreetingBytes;
  const Group& group = group_of(end);
  if (group.is_paced() && epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr) != 0) fail("epoll_ctl", errno);
  end.role = Role::kServer;
  if (group.is_paced()) control(EPOLL_CTL_ADD, fd);
  if (group.kind != Kind::kConnect) --unheard_;
  if (group.kind != Kind::kConnect) return;
  end.to_send = group.response_bytes;
  push(fd);
  // The server ends first: were it the client, the proxy's own dials would spend their time looking for
  // local ports that are not in TIME_WAIT, and that would be measured.
  if (end.to_send > 0 || shutdown(fd, SHUT_WR) != 0) fail("answering and ending a short connection", errno);
}

void Generator::server_readable(int fd) {
  End& end = ends_[static_cast<size_t>(fd)];
  const Group& group = group_of(end);
  int64_t n = take(fd, SIZE_MAX);
  if (n < 0) return;
  if (n == 0) {
    if (group.kind != Kind::kConnect && !is_finishing_)
      fail("a connection ended while the server was using it");
    return close_end(fd);
  }
  if (group.kind != Kind::kRequest) return;
  for (end.to_answer += static_cast<uint64_t>(n); end.to_answer >= group.request_bytes;) {
    end.to_answer -= group.request_bytes;
    end.to_send += group.response_bytes;
  }
  push(fd);
}
