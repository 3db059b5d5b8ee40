#include "counts_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counts_table.h"

namespace millrace {

namespace {

// Another build has another layout.
constexpr uint64_t kMagic = 0x6d72'636f'756e'7402;
int BeginMutex(pthread_mutex_t* mutex) {
  pthread_mutexattr_t attributes;
  int error = pthread_mutexattr_init(&attributes);
  if (error != 0) return -error;
  error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (error == 0) error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (error == 0) error = pthread_mutex_init(mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return -error;
}

int Begin(int fd, uint32_t sources, uint32_t scopes, uint32_t processes) {
  const size_t bytes = CountsTable::BytesFor(sources, scopes, processes);
  if (ftruncate(fd, static_cast<off_t>(bytes)) < 0) return -errno;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return -errno;
  CountsTable::Begin(memory, sources, scopes, processes);
  auto* header = static_cast<CountsHeader*>(memory);
  const int error = BeginMutex(&header->mutex);
  if (error == 0) header->magic = kMagic;
  munmap(memory, bytes);
  return error;
}

}  // namespace

int CreateCountsFile(uint32_t sources, uint32_t scopes, uint32_t processes) {
  // As a system call, because glibc has memfd_create(3) only since 2.27.
  const auto fd =
      static_cast<int>(syscall(SYS_memfd_create, "millrace-counts", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd < 0) return -errno;
  const int error = Begin(fd, sources, scopes, processes);
  // A file that shrinks would end every process that has mapped it.
  if (error == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) return fd;
  const int why = error != 0 ? error : -errno;
  close(fd);
  return why;
}

int MapCountsFile(int fd, uint32_t process, void** memory, size_t* bytes) {
  // The offset of the fd means nothing to those who map the file.
  const off_t end = lseek(fd, 0, SEEK_END);
  if (end < 0) return -errno;
  const auto size = static_cast<size_t>(end);
  if (size < sizeof(CountsHeader)) return -EINVAL;
  void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) return -errno;
  const auto& header = *static_cast<const CountsHeader*>(mapped);
  if (header.magic != kMagic || process >= header.processes ||
      size != CountsTable::BytesFor(header.sources.most, header.scopes.most, header.processes)) {
    munmap(mapped, size);
    return -EINVAL;
  }
  *memory = mapped;
  *bytes = size;
  return 0;
}

}  // namespace millrace
