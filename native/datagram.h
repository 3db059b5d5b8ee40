// Datagrams to unix sockets: to the service manager (sd_notify(3)) and to syslog.
#ifndef MILLRACE_DATAGRAM_H_
#define MILLRACE_DATAGRAM_H_

#include <cstddef>
#include <string>

namespace millrace {

// Sends one datagram to a unix socket and never waits. An abstract name begins with a NUL. Returns 0 or
// -errno: -EAGAIN if the queue of the receiver is full.
int SendDatagram(const std::string& path, const void* data, size_t bytes);

}  // namespace millrace

#endif  // MILLRACE_DATAGRAM_H_
