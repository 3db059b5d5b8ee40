#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net.h"

namespace {

Shared* map(int fd) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) fail("mmap", errno);
  close(fd);
  return static_cast<Shared*>(memory);
}

}  // namespace

Shared* make_shared_file(const char* path) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ftruncate(fd, sizeof(Shared)) != 0) fail(path, errno);
  Shared* shared = map(fd);
  shared->run = static_cast<uint64_t>(now_ns());
  return shared;
}

Shared* open_shared_file(const char* path) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) fail(path, errno);
  return map(fd);
}
