// Messages to the service manager that has started this process (sd_notify(3)).
#ifndef MILLRACE_NOTIFY_H_
#define MILLRACE_NOTIFY_H_

#include <string>

namespace millrace {

// Sends one datagram to a unix socket and never waits. An abstract name begins with a NUL. Returns 0 or
// -errno: -EAGAIN if the queue of the receiver is full.
int Notify(const std::string& path, const std::string& text);

}  // namespace millrace

#endif  // MILLRACE_NOTIFY_H_
