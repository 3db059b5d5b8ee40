#include "kernel_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace millrace {

namespace {

// What pipe2(2) gives while the quota lasts: 16 slots of a page. Fewer slots make splice slower than a copy.
constexpr int kSmallestUsefulBytes = 64 * 1024;

// Two fds each, a quarter of all fds; and a bound for where there is no limit.
constexpr rlim_t kFdsPerPipeAllowed = 8;
constexpr rlim_t kMostPipes = 1 << 20;

}  // namespace

void KernelPipes::Configure(int pipe_bytes) {
  if (pipe_bytes != pipe_bytes_) Trim(0);
  pipe_bytes_ = pipe_bytes;
  rlimit fds = {};
  if (getrlimit(RLIMIT_NOFILE, &fds) < 0) return;
  most_pipes_ = static_cast<int>(std::clamp<rlim_t>(fds.rlim_cur / kFdsPerPipeAllowed, 1, kMostPipes));
}

int KernelPipes::Lease() {
  int id;
  if (!idle_.empty()) {
    id = idle_.back();
    idle_.pop_back();
    counts_.idle--;
  } else {
    if (counts_.in_use >= most_pipes_) {
      counts_.refused++;
      return -EMFILE;
    }
    KernelPipe opened;
    const int error = Open(&opened);
    if (error < 0) {
      counts_.refused++;
      return error;
    }
    if (unused_.empty()) {
      id = static_cast<int>(pipes_.size());
      pipes_.push_back(opened);
      leased_.push_back(false);
    } else {
      id = unused_.back();
      unused_.pop_back();
      At(id) = opened;
    }
  }
  leased_[static_cast<size_t>(id)] = true;
  counts_.in_use++;
  return id;
}

void KernelPipes::Return(int id) {
  if (!IsLeased(id)) return;
  if (At(id).inside != 0) {
    Discard(id);
    return;
  }
  leased_[static_cast<size_t>(id)] = false;
  counts_.in_use--;
  counts_.idle++;
  idle_.push_back(id);
}

void KernelPipes::Discard(int id) {
  if (!IsLeased(id)) return;
  leased_[static_cast<size_t>(id)] = false;
  counts_.in_use--;
  Close(id);
}

void KernelPipes::Trim(int keep) {
  const size_t excess =
      idle_.size() > static_cast<size_t>(keep) ? idle_.size() - static_cast<size_t>(keep) : 0;
  for (size_t i = 0; i < excess; i++) {
    Close(idle_[i]);
    counts_.idle--;
  }
  idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(excess));
}

void KernelPipes::CloseAll() {
  for (size_t id = 0; id < leased_.size(); id++) Discard(static_cast<int>(id));
  Trim(0);
}

bool KernelPipes::IsLeased(int id) const {
  return id >= 0 && static_cast<size_t>(id) < leased_.size() && leased_[static_cast<size_t>(id)];
}

int KernelPipes::Open(KernelPipe* pipe) {
  int fds[2];
  if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
  pipe->read_fd = fds[0];
  pipe->write_fd = fds[1];
  pipe->inside = 0;
  if (fcntl(fds[1], F_SETPIPE_SZ, pipe_bytes_) < 0) counts_.downgraded++;
  // Read back what we got: past pipe-user-pages-soft a new pipe has two slots and cannot grow (EPERM).
  if (fcntl(fds[1], F_GETPIPE_SZ) >= kSmallestUsefulBytes) return 0;
  close(fds[0]);
  close(fds[1]);
  return -EDQUOT;
}

void KernelPipes::Close(int id) {
  KernelPipe& pipe = At(id);
  close(pipe.read_fd);
  close(pipe.write_fd);
  pipe = KernelPipe();
  unused_.push_back(id);
}

}  // namespace millrace
