#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr int kBacklog = 4096;

bool parse_unix(const char* path, Address* address) {
  auto* unix_address = reinterpret_cast<sockaddr_un*>(&address->storage);
  if (*path == '\0' || strlen(path) >= sizeof(unix_address->sun_path)) return false;
  unix_address->sun_family = AF_UNIX;
  strcpy(unix_address->sun_path, path);
  address->length = sizeof(sockaddr_un);
  return true;
}

int make_socket(const Address& address) {
  int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  // Accepted sockets inherit it from the listening one.
  if (fd >= 0 && !address.is_unix()) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

}  // namespace

bool parse_address(const char* text, Address* address) {
  if (strncmp(text, "unix:", 5) == 0) return parse_unix(text + 5, address);
  std::string host = text;
  size_t colon = host.rfind(':');
  if (colon == std::string::npos) return false;
  auto* inet_address = reinterpret_cast<sockaddr_in*>(&address->storage);
  int port = atoi(host.c_str() + colon + 1);
  inet_address->sin_family = AF_INET;
  inet_address->sin_port = htons(static_cast<uint16_t>(port));
  address->length = sizeof(sockaddr_in);
  return port > 0 && port < 65536 &&
         inet_pton(AF_INET, host.substr(0, colon).c_str(), &inet_address->sin_addr) == 1;
}

int listen_on(const Address& address) {
  int fd = make_socket(address);
  int on = 1;
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const char* path = reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path;
  if (address.is_unix()) unlink(path);
  if (bind(fd, address.get(), address.length) != 0 || listen(fd, kBacklog) != 0) return -1;
  // A proxy may run as another user.
  if (address.is_unix() && chmod(path, 0777) != 0) return -1;
  return fd;
}

int connect_to(const Address& address) {
  int fd = make_socket(address);
  if (fd < 0) return -1;
  if (connect(fd, address.get(), address.length) != 0 && errno != EINPROGRESS) return -1;
  return fd;
}
