#include "orphans.h"

#include <errno.h>
#include <sys/wait.h>

namespace millrace {

int DeadChild() {
  siginfo_t child = {};
  if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0) return child.si_pid;
  return errno == ECHILD ? 0 : -errno;
}

int ReapChild(int pid) {
  if (pid <= 0) return -EINVAL;
  const int reaped = waitpid(pid, nullptr, WNOHANG);
  return reaped < 0 ? -errno : reaped;
}

}  // namespace millrace
