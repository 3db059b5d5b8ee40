#include "datagram.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace millrace {

int SendDatagram(const std::string& path, const void* data, size_t bytes) {
  sockaddr_un address = {};
  // A path ends with a NUL, for which there must be room. An abstract name ends where its length says.
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return -EINVAL;
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.data(), path.size());
  const size_t length = offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '\0' ? 0 : 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const ssize_t sent = sendto(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL,
                              reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(length));
  const int error = sent < 0 ? -errno : 0;
  close(fd);
  return error;
}

}  // namespace millrace
