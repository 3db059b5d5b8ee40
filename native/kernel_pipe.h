// Kernel pipe pairs. A pipe is leased while bytes are in flight, and pooled while it is empty. Three limits
// bound them: the fd budget, pipe-user-pages-soft (pipe(7)), which counts the room in pipes, and a budget for
// the bytes that wait in them. At a limit, pipes and moves become smaller, but nothing stalls. A pipe that
// holds bytes or saw an error is closed and never pooled: another connection's bytes would come out of it.
#ifndef MILLRACE_KERNEL_PIPE_H_
#define MILLRACE_KERNEL_PIPE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

// In place of an id: no pipe is leased.
constexpr int kNoKernelPipe = -1;

// The size that pipe2(2) gives while the quota lasts: 16 slots of a page. Fewer slots make splice slower than
// a copy.
constexpr int kSmallestUsefulBytes = 64 * 1024;

struct KernelPipe {
  int read_fd = -1;
  int write_fd = -1;
  // Bytes spliced in and not yet out. This alone decides whether the pipe may be pooled. Only KernelPipes
  // changes it.
  int64_t inside = 0;
  // The room that the kernel told us (F_GETPIPE_SZ).
  int room = 0;
  // Whether KernelPipes has tried, since the lease, to make the pipe as small as its content.
  bool is_fitted = false;
};

class KernelPipes {
 public:
  struct Counts {
    int in_use = 0;
    int idle = 0;
    // Since start: leases refused, and pipes opened smaller than asked for because the user's quota is used
    // up.
    int refused = 0;
    int downgraded = 0;
    // Bytes that wait in pipes at this moment, and the limit that they should stay below.
    int64_t pinned = 0;
    int64_t pinned_budget = 0;
    // Calls of splice(2) since start, in and out.
    int64_t splices = 0;
  };

  ~KernelPipes() { CloseAll(); }

  // Asks for `pipe_bytes` per pipe with F_SETPIPE_SZ while all pipes together have less room than
  // `quota_pages` (0: no quota). Past the quota, pipes have the smallest useful size. While nearly
  // `pinned_budget` bytes wait in pipes, a move takes no more than such a small pipe holds. A change of size
  // closes idle pipes. Pipes compete with sockets for fds. So leased pipes may take at most a quarter of
  // RLIMIT_NOFILE.
  void Configure(int pipe_bytes, int64_t pinned_budget, int64_t quota_pages);

  // Returns an id >= 0, or -EMFILE, -ENFILE or -ENOMEM from pipe2(2). -EMFILE also means that the pipes'
  // share of fds is used up. -EDQUOT means that the kernel gave a pipe of less than 64 KiB, because this
  // user's quota is used up.
  int Lease();

  // Leases a pipe that another process has filled with `inside` bytes. Owns both fds from here on, unless it
  // returns -EMFILE because the pipes' share of fds is used up.
  int Adopt(int read_fd, int write_fd, int64_t inside);

  // Ends a lease. Pools the pipe if it is empty, otherwise closes it.
  void Return(int id);

  // Ends a lease after an error: closes the pipe whatever it holds.
  void Discard(int id);

  // Counts bytes that came into a leased pipe, or that left it (fewer than 0).
  void Moved(KernelPipe* pipe, int64_t bytes) {
    pipe->inside += bytes;
    counts_.pinned += bytes;
  }

  // The most bytes that the next move may take.
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
  // Gives an open pipe an id.
  int Keep(const KernelPipe& opened);
  int StartLease(int id);
  void Close(int id);
  bool Resize(KernelPipe* pipe, int bytes);
  // Grows a pipe to the full size, unless that was refused since the last Trim. A refusal costs a call each
  // time.
  bool Grow(KernelPipe* pipe);
  // Whether the quota leaves room for a large pipe once `spared` bytes of room are given up.
  bool HasRoom(int spared) const;
  // Makes leased pipes as small as their content: a pipe that waits for a sink needs no room for more.
  // Returns whether that gave room back.
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
