/**
 * The calls of the addon about messages that carry file descriptors from process to process (SCM_RIGHTS, unix(7)). As all calls of
 * the addon, they return -errno if they fail.
 */
export interface NativeMessages {
  /** socket (SOCK_SEQPACKET), bind, listen. Returns the fd. `accept` accepts from it. */
  listenForMessages(path: string): number
  /** socket (SOCK_SEQPACKET), connect and `watch`. Returns the fd. The path is local, so nothing has to be waited for. */
  connectForMessages(path: string, generation: number): number
  /**
   * Sends `bytes` (at least one) and the first `count` of `fds` as one message. Returns the number of bytes. -EAGAIN: the queue is
   * full, and nothing was sent. The sender keeps its own fds.
   */
  sendFds(socket: number, bytes: Uint8Array, fds: Int32Array, count: number): number
  /**
   * Receives one message into `scratch`, its fds into `fds`, and their number into `outcome`. Returns the number of bytes. 0: end. The
   * fds belong to this process, and nobody watches them. -EMSGSIZE: something did not fit, and all fds of the message are closed.
   */
  receiveFds(socket: number, fds: Int32Array): number
  /**
   * shutdown (SHUT_RDWR). From here on the other side cannot send: it gets -EPIPE. What it has sent before can still be received.
   */
  endMessages(socket: number): number
  /** Shows the two fds of a leased kernel pipe and the bytes inside in `outcome`. */
  showPipe(pipe: number): number
  /**
   * Leases the pipe whose two fds have come with `inside` bytes in it. Returns its id. Then both fds belong to the pipe. -EINVAL: these
   * are not the ends of a pipe with so many bytes.
   */
  adoptPipe(readFd: number, writeFd: number, inside: number): number
}
