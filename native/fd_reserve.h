// The last file descriptors that this process may have. Connections and kernel pipes do not get them,
// so that operators are not blind when these have taken all others: they are for the admin address, the log,
// a reload and checks.
#ifndef MILLRACE_FD_RESERVE_H_
#define MILLRACE_FD_RESERVE_H_

namespace millrace {

// Whether the fd is one of these. The kernel always gives the lowest free number.
bool IsReserved(int fd);

// Whether the next fd is none of these. `open_fd` is any fd that is open, `last` the last one that was
// opened.
class FdReserve {
 public:
  bool HasRoom(int open_fd, int last);

 private:
  // Fds were short. It looks each time until many are free again.
  bool is_tight_ = false;
};

}  // namespace millrace

#endif  // MILLRACE_FD_RESERVE_H_
