// Kernel pipe pairs: leased for as long as bytes are in flight, pooled while empty, bounded by the fd
// budget and aware of pipe-user-pages-soft (pipe(7)). A pipe that holds bytes or saw an error is closed,
// never pooled: another connection's bytes would come out of it.
#ifndef MILLRACE_KERNEL_PIPE_H_
#define MILLRACE_KERNEL_PIPE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

struct KernelPipe {
  int read_fd = -1;
  int write_fd = -1;
  // Bytes spliced in and not yet out: the one truth about whether the pipe may be pooled.
  int64_t inside = 0;
};

class KernelPipes {
 public:
  struct Counts {
    int in_use = 0;
    int idle = 0;
    // Since start: leases refused, and pipes that kept the kernel's default size (EPERM on F_SETPIPE_SZ).
    int refused = 0;
    int downgraded = 0;
    // Calls of splice(2) since start, in and out.
    int64_t splices = 0;
  };

  ~KernelPipes() { CloseAll(); }

  // Size asked for with F_SETPIPE_SZ. Idle pipes of the old size go. Pipes compete with sockets for fds, so
  // at most as many may be leased as take a quarter of RLIMIT_NOFILE.
  void Configure(int pipe_bytes);

  // An id >= 0, or -EMFILE, -ENFILE, -ENOMEM from pipe2(2), -EMFILE also when their share of fds is used up,
  // or -EDQUOT when the kernel gave a pipe of less than 64 KiB because this user's quota is used up.
  int Lease();

  // Ends a lease. Pools the pipe when it is empty, closes it otherwise.
  void Return(int id);

  // Ends a lease after an error: closes the pipe whatever it holds.
  void Discard(int id);

  // Closes idle pipes until at most `keep` are left.
  void Trim(int keep);

  void CloseAll();

  bool IsLeased(int id) const;
  KernelPipe& At(int id) { return pipes_[static_cast<size_t>(id)]; }
  void CountSplice() { counts_.splices++; }
  const Counts& counts() const { return counts_; }

 private:
  int Open(KernelPipe* pipe);
  void Close(int id);

  std::vector<KernelPipe> pipes_;
  std::vector<int> idle_;    // ids of open, empty pipes; the most recently used is last
  std::vector<int> unused_;  // ids without a pipe
  std::vector<bool> leased_;
  Counts counts_;
  int pipe_bytes_ = 128 * 1024;
  int most_pipes_ = 1024;
};

}  // namespace millrace

#endif  // MILLRACE_KERNEL_PIPE_H_
