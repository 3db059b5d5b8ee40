#include "tcp_info.h"

#include <errno.h>
// Not <netinet/tcp.h>: its tcp_info ends before the times.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace millrace {

int ReadTcpInfo(int fd, double* cells) {
  tcp_info info = {};
  socklen_t length = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return -errno;
  cells[kRttMicros] = info.tcpi_rtt;
  // The kernel fills as much as it knows, and newer kernels only add fields at the end.
  if (length < offsetof(tcp_info, tcpi_sndbuf_limited) + sizeof(info.tcpi_sndbuf_limited)) return 1;
  cells[kSilentMs] = info.tcpi_last_data_recv;
  cells[kRetransmits] = info.tcpi_total_retrans;
  cells[kRtoMicros] = info.tcpi_rto;
  cells[kAckedBytes] = static_cast<double>(info.tcpi_bytes_acked);
  cells[kBytesPerSecond] = static_cast<double>(info.tcpi_delivery_rate);
  cells[kBusyMicros] = static_cast<double>(info.tcpi_busy_time);
  cells[kRwndMicros] = static_cast<double>(info.tcpi_rwnd_limited);
  cells[kSndbufMicros] = static_cast<double>(info.tcpi_sndbuf_limited);
  return kTcpInfoCells;
}

}  // namespace millrace
