// Processes that this process did not start, but has to reap because it is PID 1 of its namespace
// (pid_namespaces(7)).
#ifndef MILLRACE_ORPHANS_H_
#define MILLRACE_ORPHANS_H_

namespace millrace {

// A child that has ended and was not reaped yet. It stays so. 0: there is none. Or -errno.
int DeadChild();

// Reaps a child that has ended. Returns its pid, or -errno.
int ReapChild(int pid);

}  // namespace millrace

#endif  // MILLRACE_ORPHANS_H_
