#include "fd_messages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace millrace {

namespace {

constexpr size_t kMostFdBytes = kMostFdsPerMessage * sizeof(int);

struct Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(kMostFdBytes)] = {};
};

// Takes the fds out of a message. Returns their number, and closes those that find no place.
int TakeFds(msghdr* message, int32_t* fds, int most_fds) {
  int count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t came = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < came; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      if (count < most_fds) {
        fds[count++] = fd;
      } else {
        message->msg_flags |= MSG_CTRUNC;
        close(fd);
      }
    }
  }
  return count;
}

// Whether two fds are the ends of one pipe.
bool IsPipe(int read_fd, int write_fd) {
  struct stat a = {};
  struct stat b = {};
  if (fstat(read_fd, &a) < 0 || fstat(write_fd, &b) < 0) return false;
  return S_ISFIFO(a.st_mode) && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

}  // namespace

int ListenForMessages(const std::string& path) { return ListenOnPath(SOCK_SEQPACKET, path); }

int ConnectForMessages(const std::string& path) { return ConnectToPath(SOCK_SEQPACKET, path); }

int SendFds(int socket, const char* data, size_t bytes, const int32_t* fds, int count) {
  if (bytes == 0 || count < 0 || count > kMostFdsPerMessage) return -EINVAL;
  iovec part = {const_cast<char*>(data), bytes};
  Control control;
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (count > 0) {
    const size_t fd_bytes = static_cast<size_t>(count) * sizeof(int);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(fd_bytes);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fd_bytes);
    memcpy(CMSG_DATA(header), fds, fd_bytes);
  }
  ssize_t n;
  do {
    n = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : static_cast<int>(n);
}

int EndMessages(int socket) { return shutdown(socket, SHUT_RDWR) < 0 ? -errno : 0; }

int ReceiveFds(int socket, char* data, size_t most_bytes, int32_t* fds, int most_fds, int* count) {
  iovec part = {data, most_bytes};
  Control control;
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof(control.bytes);
  ssize_t n;
  do {
    n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  *count = TakeFds(&message, fds, most_fds);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) return static_cast<int>(n);
  for (int i = 0; i < *count; i++) close(fds[i]);
  *count = 0;
  return -EMSGSIZE;
}

int AdoptPipe(KernelPipes* pipes, int read_fd, int write_fd, int64_t inside) {
  int found = 0;
  if (!IsPipe(read_fd, write_fd) || ioctl(read_fd, FIONREAD, &found) < 0 || found != inside) return -EINVAL;
  return pipes->Adopt(read_fd, write_fd, inside);
}

}  // namespace millrace
