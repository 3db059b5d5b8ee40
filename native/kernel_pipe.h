// Kernel pipe pairs: leased for as long as bytes are in flight, pooled while empty, bounded by the fd budget,
// by pipe-user-pages-soft (pipe(7)), which counts the room in pipes, and by a budget for the bytes that wait
// in them. What is spent makes pipes and moves smaller; nothing stalls for it. A pipe that holds bytes or saw
// an error is closed, never pooled: another connection's bytes would come out of it.
#ifndef MILLRACE_KERNEL_PIPE_H_
#define MILLRACE_KERNEL_PIPE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

// Instead of an id: no pipe is leased.
constexpr int kNoKernelPipe = -1;

// What pipe2(2) gives while the quota lasts: 16 slots of a page. Fewer slots make splice slower than a copy.
constexpr int kSmallestUsefulBytes = 64 * 1024;

struct KernelPipe {
  int read_fd = -1;
  int write_fd = -1;
  // Bytes spliced in and not yet out: the one truth about whether the pipe may be pooled. Changed by
  // KernelPipes.
  int64_t inside = 0;
  // Room, as the kernel has told it (F_GETPIPE_SZ).
  int room = 0;
  // Since it was leased: it was tried to make it as small as what it holds.
  bool is_fitted = false;
};

class KernelPipes {
 public:
  struct Counts {
    int in_use = 0;
    int idle = 0;
    // Since start: leases refused, and pipes opened smaller than was asked for because the user's quota is
    // spent.
    int refused = 0;
    int downgraded = 0;
    // Bytes that wait in pipes at this moment, and what they are to stay below.
    int64_t pinned = 0;
    int64_t pinned_budget = 0;
    // Calls of splice(2) since start, in and out.
    int64_t splices = 0;
  };

  ~KernelPipes() { CloseAll(); }

  // `pipe_bytes` is asked for with F_SETPIPE_SZ while all pipes together have less than `quota_pages` (0: no
  // quota) of room; then pipes are of the smallest useful size. While `pinned_budget` bytes or nearly as many
  // wait in pipes, a move takes no more than such a pipe holds. Idle pipes go when the size changes. Pipes
  // compete with sockets for fds, so at most as many may be leased as take a quarter of RLIMIT_NOFILE.
  void Configure(int pipe_bytes, int64_t pinned_budget, int64_t quota_pages);

  // An id >= 0, or -EMFILE, -ENFILE, -ENOMEM from pipe2(2), -EMFILE also when their share of fds is used up,
  // or -EDQUOT when the kernel gave a pipe of less than 64 KiB because this user's quota is used up.
  int Lease();

  // Ends a lease. Pools the pipe when it is empty, closes it otherwise.
  void Return(int id);

  // Ends a lease after an error: closes the pipe whatever it holds.
  void Discard(int id);

  // Bytes came into a leased pipe, or (fewer than 0) left it.
  void Moved(KernelPipe* pipe, int64_t bytes) {
    pipe->inside += bytes;
    counts_.pinned += bytes;
  }

  // The most that the next move may take.
  int64_t MostBytesPerMove() const;

  // Closes idle pipes until at most `keep` are left.
  void Trim(int keep);

  void CloseAll();

  bool IsLeased(int id) const;
  KernelPipe& At(int id) { return pipes_[static_cast<size_t>(id)]; }
  void CountSplice() { counts_.splices++; }
  const Counts& counts() const { return counts_; }

 private:
  int Open(KernelPipe* pipe);
  int OpenOnce(KernelPipe* pipe);
  void Close(int id);
  bool Resize(KernelPipe* pipe, int bytes);
  // To the full size, unless that was refused since the last Trim: a refusal costs a call each time.
  bool Grow(KernelPipe* pipe);
  // Whether the quota leaves room for a large pipe, less `spared` that goes.
  bool HasRoom(int spared) const;
  // Makes leased pipes as small as what they hold: who waits for a sink needs no room for more. Whether it
  // helped.
  bool FitToContent();

  std::vector<KernelPipe> pipes_;
  std::vector<int> idle_;    // ids of open, empty pipes; the most recently used is last
  std::vector<int> unused_;  // ids without a pipe
  std::vector<bool> leased_;
  Counts counts_;
  int pipe_bytes_ = 1024 * 1024;
  int64_t quota_bytes_ = 0;
  int64_t room_ = 0;  // of all open pipes
  bool may_grow_ = true;
  int most_pipes_ = 1024;
};

}  // namespace millrace

#endif  // MILLRACE_KERNEL_PIPE_H_
