/** Two workers of the built command with an admin address, and what tests do to them from outside. */
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { AdminClient } from '../../src/command/client.js'
import type { ProxyConfig } from '../../src/config/input.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { Backend } from '../support/backend.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { run } from '../support/programs.js'
import { until, untilAnswer } from '../support/wait.js'

export class WorkersRig {
  readonly backends: readonly Backend[]
  readonly millrace: Millrace
  readonly admin: AdminClient
  readonly #file: string
  readonly #socket: string
  /** The port of its first listener. */
  port = 0
  readonly #clients: Peer[] = []

  private constructor(folder: string, backends: readonly Backend[], more: object, native?: 'off') {
    this.backends = backends
    this.#socket = join(folder, 'admin.sock')
    this.#file = writeConfig(folder, this.config(more))
    this.millrace = new Millrace(['--config', this.#file], { native })
    this.admin = new AdminClient({ address: { kind: 'unix', path: this.#socket }, token: undefined })
  }

  /** Starts the command and waits for nothing. */
  static async begin(folder: string, more: object = {}, native?: 'off'): Promise<WorkersRig> {
    const backends = [(await Backend.listen()).echo(), (await Backend.listen()).echo()]
    return new WorkersRig(folder, backends, more, native)
  }

  static async start(folder: string, more: object = {}, native?: 'off'): Promise<WorkersRig> {
    const rig = await WorkersRig.begin(folder, more, native)
    await rig.millrace.logged(({ msg }) => msg.startsWith('admin on'))
    const { address } = await rig.millrace.logged(
      ({ listener, address }) => listener === 'front' && !!address,
    )
    rig.port = Number(address!.split(':').at(-1))
    return rig
  }

  async end(): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy()
    for (const pid of this.workerPids()) process.kill(pid, 'SIGCONT')
    await this.millrace.program.kill()
    await Promise.all(this.backends.map((backend) => backend.close()))
  }

  config(more: object = {}): ProxyConfig {
    return {
      workers: 2,
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'a' }],
      clusters: {
        a: { backends: [this.backends[0]!.address] },
        b: { backends: [this.backends[1]!.address] },
      },
      admin: `unix:${this.#socket}`,
      ...more,
    }
  }

  write(more: object): void {
    writeFileSync(this.#file, JSON.stringify(this.config(more)))
  }

  /** Writes another config and reloads it. */
  async reload(more: object): Promise<unknown> {
    this.write(more)
    return await this.admin.ask('POST', '/api/v1/reload', undefined, true)
  }

  async status(): Promise<ProxyStatus> {
    return (await this.admin.ask('GET', '/api/v1/status')) as ProxyStatus
  }

  /** Asks for the status until it is as wanted; returns it. */
  async statusWhen(isWanted: (status: ProxyStatus) => boolean): Promise<ProxyStatus> {
    return await untilAnswer(() => this.status(), isWanted)
  }

  /** The status and the text of an answer that is not JSON. */
  get(path: string): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: this.#socket, path, headers: { host: 'localhost' } }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  /** Connects a client and waits for its echo. */
  async join(port = this.port): Promise<Peer> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    this.#clients.push(client)
    client.send(Buffer.from('hello'))
    await client.receive(5)
    return client
  }

  /** The workers' processes at this moment, whether they serve or not. */
  workerPids(): number[] {
    const { pid } = this.millrace.program
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      return children.split(' ').filter(Boolean).map(Number)
    } catch {
      return []
    }
  }

  /** Kills a worker; returns the process that comes in its place, which may not serve yet. */
  async killOne(pid = this.workerPids()[0]!): Promise<number> {
    const before = this.workerPids()
    const newcomer = (): number | undefined => this.workerPids().find((each) => !before.includes(each))
    process.kill(pid, 'SIGKILL')
    await until(() => newcomer() !== undefined)
    return newcomer()!
  }

  /** Kills a worker and stops the process that comes in its place. It serves once the test sends SIGCONT. */
  async killOneAndHold(): Promise<number> {
    const newcomer = await this.killOne()
    // The supervisor waits for its exec, so the process must not be stopped before that.
    await until(() => readFileSync(`/proc/${newcomer}/environ`, 'utf8').includes('NODE_UNIQUE_ID'))
    process.kill(newcomer, 'SIGSTOP')
    return newcomer
  }

  /** Limits how many file descriptors a process may have. */
  async limit(pid: number, fds: number): Promise<void> {
    await run('prlimit', ['--pid', String(pid), `--nofile=${fds}:`])
  }
}

export const bothServe = ({ workers, workersSilent }: ProxyStatus): boolean =>
  workers === 2 && workersSilent === 0
