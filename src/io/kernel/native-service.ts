/** The calls of the addon about the service manager that has started this process. They return -errno if they fail. */
export interface NativeService {
  /**
   * Sends one datagram to a unix socket (sd_notify(3)). An abstract name begins with a NUL. Returns 0, or -EAGAIN if the queue
   * of the receiver is full. Never waits.
   */
  notify(path: string, text: string): number
  /** Whether the fd is a stream socket that listens: 1 or 0. */
  isListening(fd: number): number
}
