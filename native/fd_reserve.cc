#include "fd_reserve.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace millrace {

namespace {

// Together with the fds that every process has anyway, these are the 64 of src/limits/most-connections.ts.
constexpr rlim_t kReservedFds = 32;
// A process with few fds reserves a part of them.
constexpr rlim_t kLargestPart = 4;
// As long as the last fd is this far below the reserve, nothing looks at the next one.
constexpr int kMargin = 64;
constexpr rlim_t kMostFds = 1 << 30;

// The first fd of the reserve. The limit may change at any time (prlimit(2)).
int FirstReserved() {
  rlimit fds = {};
  if (getrlimit(RLIMIT_NOFILE, &fds) < 0) return static_cast<int>(kMostFds);
  const rlim_t most = std::min(fds.rlim_cur, kMostFds);
  return static_cast<int>(most - std::min<rlim_t>(kReservedFds, most / kLargestPart));
}

}  // namespace

bool IsReserved(int fd) { return fd >= FirstReserved(); }

bool FdReserve::HasRoom(int open_fd, int last) {
  const int first = FirstReserved();
  if (!is_tight_ && last < first - kMargin) return true;
  const int next = fcntl(open_fd, F_DUPFD_CLOEXEC, 0);
  if (next >= 0) close(next);
  is_tight_ = next < 0 || next >= first - 2 * kMargin;
  return next >= 0 && next < first;
}

}  // namespace millrace
