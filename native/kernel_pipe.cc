#include "kernel_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "fd_reserve.h"

namespace millrace {

namespace {

// Leased pipes may take a quarter of all fds, at two fds each. kMostPipes is the bound if fds have no limit.
constexpr rlim_t kFdsPerPipeAllowed = 8;
constexpr rlim_t kMostPipes = 1 << 20;

}  // namespace

void KernelPipes::Configure(int pipe_bytes, int64_t pinned_budget, int64_t quota_pages) {
  if (pipe_bytes != pipe_bytes_) Trim(0);
  pipe_bytes_ = pipe_bytes;
  counts_.pinned_budget = pinned_budget;
  quota_bytes_ = quota_pages * sysconf(_SC_PAGESIZE);
  rlimit fds = {};
  if (getrlimit(RLIMIT_NOFILE, &fds) < 0) return;
  most_pipes_ = static_cast<int>(std::clamp<rlim_t>(fds.rlim_cur / kFdsPerPipeAllowed, 1, kMostPipes));
}

int64_t KernelPipes::MostBytesPerMove() const {
  return counts_.pinned + pipe_bytes_ <= counts_.pinned_budget ? pipe_bytes_ : kSmallestUsefulBytes;
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
    id = Keep(opened);
  }
  return StartLease(id);
}

int KernelPipes::Adopt(int read_fd, int write_fd, int64_t inside) {
  if (counts_.in_use >= most_pipes_) return -EMFILE;
  KernelPipe adopted;
  adopted.read_fd = read_fd;
  adopted.write_fd = write_fd;
  adopted.inside = inside;
  adopted.room = std::max(0, fcntl(write_fd, F_GETPIPE_SZ));
  room_ += adopted.room;
  counts_.pinned += inside;
  return StartLease(Keep(adopted));
}

int KernelPipes::Keep(const KernelPipe& opened) {
  if (unused_.empty()) {
    pipes_.push_back(opened);
    leased_.push_back(false);
    return static_cast<int>(pipes_.size()) - 1;
  }
  const int id = unused_.back();
  unused_.pop_back();
  At(id) = opened;
  return id;
}

int KernelPipes::StartLease(int id) {
  leased_[static_cast<size_t>(id)] = true;
  counts_.in_use++;
  return id;
}

void KernelPipes::Return(int id) {
  if (!IsLeased(id)) return;
  KernelPipe& pipe = At(id);
  if (pipe.inside != 0) {
    Discard(id);
    return;
  }
  leased_[static_cast<size_t>(id)] = false;
  pipe.is_fitted = false;
  counts_.in_use--;
  counts_.idle++;
  const bool is_large = pipe.room >= pipe_bytes_ || Grow(&pipe);
  // The last pipe of the list is leased next.
  idle_.insert(is_large ? idle_.end() : idle_.begin(), id);
}

void KernelPipes::Discard(int id) {
  if (!IsLeased(id)) return;
  leased_[static_cast<size_t>(id)] = false;
  counts_.in_use--;
  counts_.pinned -= At(id).inside;
  Close(id);
}

void KernelPipes::Trim(int keep) {
  may_grow_ = true;
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

// Other processes of this user may have used up the quota before us.
int KernelPipes::Open(KernelPipe* pipe) {
  if (!HasRoom(0)) FitToContent();
  const int error = OpenOnce(pipe);
  return error == -EDQUOT && FitToContent() ? OpenOnce(pipe) : error;
}

int KernelPipes::OpenOnce(KernelPipe* pipe) {
  int fds[2];
  if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
  if (IsReserved(std::max(fds[0], fds[1]))) {
    close(fds[0]);
    close(fds[1]);
    return -EMFILE;
  }
  pipe->read_fd = fds[0];
  pipe->write_fd = fds[1];
  pipe->inside = 0;
  // Past pipe-user-pages-soft a new pipe has two slots and cannot grow (EPERM).
  pipe->room = std::max(0, fcntl(fds[1], F_GETPIPE_SZ));
  room_ += pipe->room;
  if (!HasRoom(pipe->room) || !Resize(pipe, pipe_bytes_)) counts_.downgraded++;
  if (pipe->room >= kSmallestUsefulBytes) return 0;
  room_ -= pipe->room;
  close(fds[0]);
  close(fds[1]);
  return -EDQUOT;
}

void KernelPipes::Close(int id) {
  KernelPipe& pipe = At(id);
  close(pipe.read_fd);
  close(pipe.write_fd);
  room_ -= pipe.room;
  pipe = KernelPipe();
  unused_.push_back(id);
}

// The kernel shrinks a pipe in place if its bytes fit into the slots that are left. Otherwise it says EBUSY.
bool KernelPipes::Resize(KernelPipe* pipe, int bytes) {
  const int room = fcntl(pipe->write_fd, F_SETPIPE_SZ, bytes);
  if (room < 0) return false;
  room_ += room - pipe->room;
  pipe->room = room;
  return true;
}

bool KernelPipes::Grow(KernelPipe* pipe) {
  may_grow_ = may_grow_ && HasRoom(pipe->room) && Resize(pipe, pipe_bytes_);
  return may_grow_;
}

bool KernelPipes::HasRoom(int spared) const {
  return quota_bytes_ == 0 || room_ - spared + pipe_bytes_ <= quota_bytes_;
}

bool KernelPipes::FitToContent() {
  const int64_t before = room_;
  for (size_t id = 0; id < pipes_.size(); id++) {
    KernelPipe& pipe = pipes_[id];
    if (!leased_[id] || pipe.is_fitted || pipe.inside == 0) continue;
    pipe.is_fitted = true;
    for (int bytes = kSmallestUsefulBytes; bytes < pipe.room; bytes *= 2) {
      if (Resize(&pipe, bytes)) break;
    }
  }
  return room_ < before;
}

}  // namespace millrace
