// What the kernel knows of a TCP connection (tcp(7), TCP_INFO).
#ifndef MILLRACE_TCP_INFO_H_
#define MILLRACE_TCP_INFO_H_

namespace millrace {

// The cells that ReadTcpInfo fills. src/io/tcp-info.ts explains them.
enum TcpInfoCell {
  kRttMicros,
  kSilentMs,
  kRetransmits,
  kRtoMicros,
  kAckedBytes,
  kBytesPerSecond,
  kBusyMicros,
  kRwndMicros,
  kSndbufMicros,
  kTcpInfoCells
};

// Returns how many cells it has filled: all, or only the first one if the kernel is older than 4.10. Sockets
// that are not TCP return -ENOPROTOOPT and the like.
int ReadTcpInfo(int fd, double* cells);

}  // namespace millrace

#endif  // MILLRACE_TCP_INFO_H_
