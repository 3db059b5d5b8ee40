/**
 * A backend that never answers. It listens, its queue is full, and it never accepts, so the kernel drops every further
 * connect. It is its own process, stopped by SIGSTOP, because a running Node accepts every client.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { Program } from './programs.js'
import { until } from './wait.js'

const BACKLOG = 1
/** Linux queues one client more than the backlog. */
const FILLING = BACKLOG + 1
const SCRIPT = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: ${BACKLOG} },
  () => console.log(server.address().port))`

export class SilentBackend {
  readonly port: number
  readonly #program: Program
  readonly #filling: Socket[]

  private constructor(port: number, program: Program, filling: Socket[]) {
    this.port = port
    this.#program = program
    this.#filling = filling
  }

  static async listen(): Promise<SilentBackend> {
    const program = new Program(process.execPath, ['-e', SCRIPT])
    const port = Number(await program.seen(() => /^\d+\n$/.exec(program.stdout)?.[0]))
    program.child.kill('SIGSTOP')
    await until(() => isStopped(program.pid))
    const filling: Socket[] = []
    while (filling.length < FILLING) {
      const socket = connect(port, '127.0.0.1').on('error', () => {})
      await once(socket, 'connect')
      filling.push(socket)
    }
    return new SilentBackend(port, program, filling)
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  async close(): Promise<void> {
    for (const socket of this.#filling) socket.destroy()
    await this.#program.kill()
  }
}

function isStopped(pid: number): boolean {
  // proc(5): the state is the first field after the name, which is in parentheses.
  return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
