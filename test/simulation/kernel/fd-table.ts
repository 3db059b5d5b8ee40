/** The file descriptors of a process. The next fd is the lowest free number, so numbers are used again soon. */
import { EMFILE } from './errnos.js'
import type { ListenSocket } from './listen-socket.js'
import type { MessageListener, MessageSocket, PipeEnd } from './message-socket.js'
import type { TcpSocket } from './tcp-socket.js'

export type File = TcpSocket | ListenSocket | MessageSocket | MessageListener | PipeEnd

const FIRST_FD = 3

export class FdTable {
  readonly #files: (File | undefined)[] = []
  /** The number of open fds. */
  openFds = 0

  /** Returns the fd, or -EMFILE if `most` are open. */
  open(file: File, most: number): number {
    if (this.openFds >= most) return -EMFILE
    let fd = FIRST_FD
    while (this.#files[fd] !== undefined) fd++
    this.#files[fd] = file
    this.openFds += 1
    return fd
  }

  numbers(): number[] {
    return [...this.#files.keys()].filter((fd) => this.#files[fd] !== undefined)
  }

  at(fd: number): File | undefined {
    return this.#files[fd]
  }

  /** Frees the number and returns the file it stood for. */
  close(fd: number): File | undefined {
    const file = this.#files[fd]
    if (file === undefined) return undefined
    this.#files[fd] = undefined
    this.openFds -= 1
    return file
  }
}
