/** native/fd_messages.cc, on the simulated kernel. */

import * as constants from '../../../src/io/kernel/native-constants.js'
import type { NativeMessages } from '../../../src/io/kernel/native-messages.js'
import * as e from '../kernel/errnos.js'
import type { Kernel } from '../kernel/kernel.js'
import { MessageListener, MessageSocket, PipeEnd, type Sent } from '../kernel/message-socket.js'
import { TcpSocket } from '../kernel/tcp-socket.js'
import { CountsTables } from './counts-tables.js'
import type { KernelPipes } from './kernel-pipes.js'

/** What the rest of the simulated addon has. */
interface Parts {
  readonly kernel: Kernel
  readonly pipes: KernelPipes
  /** The fds that the addon may close. */
  readonly owned: Set<number>
  readonly outcome: Int32Array
  readonly scratch: Buffer
  /** Watches an fd that was just opened. */
  own(fd: number, generation: number): number
}

export abstract class Messages extends CountsTables implements NativeMessages {
  protected abstract get parts(): Parts

  listenForMessages(path: string): number {
    const { kernel, owned } = this.parts
    const { messageListeners } = kernel.machine
    if (messageListeners.has(path)) return -e.EADDRINUSE
    const listener = new MessageListener(kernel.epoll, () => messageListeners.delete(path))
    const fd = kernel.open(listener)
    if (fd < 0) return fd
    messageListeners.set(path, listener)
    owned.add(fd)
    return fd
  }

  connectForMessages(path: string, generation: number): number {
    const { kernel, own } = this.parts
    const listener = kernel.machine.messageListeners.get(path)
    if (listener === undefined) return -e.ENOENT
    const socket = kernel.messageSocket()
    const fd = kernel.open(socket)
    if (fd < 0) return fd
    listener.connect(socket, (file) => kernel.letGo(file))
    return own(fd, generation)
  }

  sendFds(socket: number, bytes: Uint8Array, fds: Int32Array, count: number): number {
    const { kernel } = this.parts
    const file = kernel.fileAt(socket)
    const files = [...fds.subarray(0, count)].map((fd) => kernel.fileAt(fd))
    if (!(file instanceof MessageSocket) || !files.every(isSent)) return -e.EBADF
    const result = file.send({ bytes: Buffer.from(bytes), files })
    if (result < 0) return result
    for (const each of files) kernel.hold(each)
    return bytes.length
  }

  receiveFds(socket: number, fds: Int32Array): number {
    const { kernel, owned, outcome, scratch } = this.parts
    const file = kernel.fileAt(socket)
    if (!(file instanceof MessageSocket)) return -e.EBADF
    const message = file.receive()
    outcome[constants.MESSAGE_FDS] = 0
    if (typeof message === 'number') return message
    const opened = message.files.map((each) => kernel.open(each))
    if (opened.length > fds.length || opened.some((fd) => fd < 0)) {
      for (const [index, fd] of opened.entries()) {
        if (fd >= 0) kernel.close(fd, false)
        else kernel.letGo(message.files[index]!)
      }
      return -e.EMSGSIZE
    }
    for (const fd of opened) owned.add(fd)
    fds.set(opened)
    outcome[constants.MESSAGE_FDS] = opened.length
    return message.bytes.copy(scratch)
  }

  endMessages(socket: number): number {
    const file = this.parts.kernel.fileAt(socket)
    if (!(file instanceof MessageSocket)) return -e.EBADF
    file.shutdown()
    return 0
  }

  showPipe(pipe: number): number {
    const { pipes, outcome } = this.parts
    if (!pipes.isLeased(pipe)) return -e.EBADF
    const [readFd, writeFd] = pipes.fdsOf(pipe)
    outcome[constants.PIPE_READ_FD] = readFd
    outcome[constants.PIPE_WRITE_FD] = writeFd
    outcome[constants.PIPE_INSIDE] = pipes.at(pipe).bytes
    return 0
  }

  adoptPipe(readFd: number, writeFd: number, inside: number): number {
    const { kernel, owned, pipes } = this.parts
    if (!owned.has(readFd) || !owned.has(writeFd)) return -e.EBADF
    const [read, write] = [kernel.fileAt(readFd), kernel.fileAt(writeFd)]
    if (!(read instanceof PipeEnd && write instanceof PipeEnd && read.pipe === write.pipe)) return -e.EINVAL
    if (read.pipe.bytes !== inside) return -e.EINVAL
    const id = pipes.adopt(read.pipe, [readFd, writeFd])
    if (id < 0) return id
    owned.delete(readFd)
    owned.delete(writeFd)
    return id
  }
}

const isSent = (file: unknown): file is Sent =>
  file instanceof TcpSocket || file instanceof PipeEnd || file instanceof MessageSocket
