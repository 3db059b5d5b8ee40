/** A service manager as a process sees it: a unix socket that takes notices (sd_notify(3)). It is socat. */
import { existsSync, readFileSync } from 'node:fs'
import { Program } from './programs.js'
import { until } from './wait.js'

export class ServiceManager {
  /** As the variable NOTIFY_SOCKET has it. */
  readonly socket: string
  readonly #program: Program

  private constructor(socket: string) {
    this.socket = socket
    const kind = socket.startsWith('@') ? `ABSTRACT-RECV:${socket.slice(1)}` : `UNIX-RECV:${socket}`
    this.#program = new Program('socat', ['-u', kind, '-'])
  }

  /** `socket`: a path, or an abstract name with `@` in front. */
  static async listen(socket: string): Promise<ServiceManager> {
    const manager = new ServiceManager(socket)
    await until(() =>
      socket.startsWith('@') ? readFileSync('/proc/net/unix', 'utf8').includes(socket) : existsSync(socket),
    )
    return manager
  }

  /** All notices so far. Nothing separates them. */
  get notices(): string {
    return this.#program.stdout
  }

  /** Resolves when this text has come. */
  async told(text: string | RegExp): Promise<void> {
    await this.#program.seen(() =>
      typeof text === 'string' ? this.notices.includes(text) : text.test(this.notices),
    )
  }

  async close(): Promise<void> {
    await this.#program.kill()
  }
}
