/** What the kernel knows of one TCP connection (tcp(7), TCP_INFO; `struct tcp_info` of linux/tcp.h). */
export interface TcpInfo {
  /** Smoothed round-trip time. `tcpi_rtt` */
  readonly rttMicros: number
  /** Undefined: the kernel is older than 4.10 and does not tell. */
  readonly sending: TcpSending | undefined
}

/** Everything is since the connection began, and about what we send to the peer, unless it says something else. */
export interface TcpSending {
  /** How long bytes waited to be sent or acknowledged. It includes the next two. `tcpi_busy_time` */
  readonly busyMicros: number
  /** How long the peer's receive window let no more be sent. `tcpi_rwnd_limited` */
  readonly rwndMicros: number
  /** How long all bytes were on their way, and our send buffer had no room for more. `tcpi_sndbuf_limited` */
  readonly sndbufMicros: number
  /** Segments that were sent again. `tcpi_total_retrans` */
  readonly retransmits: number
  /** How long the kernel waits now before it sends a segment again. `tcpi_rto` */
  readonly rtoMicros: number
  /** `tcpi_bytes_acked` */
  readonly ackedBytes: number
  /** The rate at which bytes reach the peer while there are enough of them. 0: not known yet. `tcpi_delivery_rate` */
  readonly bytesPerSecond: number
  /** Since the peer last sent bytes. `tcpi_last_data_recv` */
  readonly silentMs: number
}
