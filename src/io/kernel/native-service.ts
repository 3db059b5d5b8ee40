/** The calls of the addon about the service manager that has started this process, and about processes that it has not started. They return -errno if they fail. */
export interface NativeService {
  /**
   * Sends one datagram to a unix socket, such as that of sd_notify(3) or syslog(3). An abstract name begins with a NUL. Returns 0, or
   * -EAGAIN if the queue of the receiver is full. Never waits.
   */
  sendDatagram(path: string, bytes: Uint8Array): number
  /** Whether the fd is a stream socket that listens: 1 or 0. */
  isListening(fd: number): number
  /** A child that has ended and was not reaped, which it stays. 0: there is none. */
  deadChild(): number
  /** Reaps a child that has ended. */
  reapChild(pid: number): number
}
