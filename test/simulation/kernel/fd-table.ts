/** The file descriptors of the process: the lowest free number is the next one, so numbers come again soon. */
import { EMFILE } from './errnos.js'
import type { ListenSocket } from './listen-socket.js'
import type { TcpSocket } from './tcp-socket.js'

type File = TcpSocket | ListenSocket

const FIRST_FD = 3

export class FdTable {
  readonly #files: (File | undefined)[] = []
  /** Those of kernel pipes, which nobody asks for by number, among them. */
  openFds = 0

  /** The fd, or -EMFILE where `most` are open. */
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

  /** What it was. */
  close(fd: number): File | undefined {
    const file = this.#files[fd]
    if (file === undefined) return undefined
    this.#files[fd] = undefined
    this.openFds -= 1
    return file
  }
}
