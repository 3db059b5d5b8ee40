/** The built command, upgraded by tests: the process that serves changes, and its admin address and its output stay. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AdminClient } from '../../src/command/client.js'
import type { ProxyConfig } from '../../src/config/input.js'
import type { Upgraded } from '../../src/control/answers.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { Backend } from '../support/backend.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { until, untilAnswer } from '../support/wait.js'

export class UpgradeRig {
  readonly folder: string
  readonly backend: Backend
  readonly millrace: Millrace
  readonly admin: AdminClient
  readonly file: string
  port = 0
  readonly #clients: Peer[] = []

  private constructor(folder: string, backend: Backend, more: object, options: StartOptions) {
    this.folder = folder
    this.backend = backend
    this.file = writeConfig(folder, this.config(more))
    const { native, script } = options
    this.millrace = new Millrace(['--config', this.file, '--pid-file', this.pidFile], {
      native,
      ...(script !== undefined && { script }),
    })
    this.admin = new AdminClient({ address: { kind: 'unix', path: this.socket }, token: undefined })
  }

  static async start(folder: string, more: object = {}, options: StartOptions = {}): Promise<UpgradeRig> {
    const rig = new UpgradeRig(folder, (await Backend.listen()).echo(), more, options)
    await rig.millrace.logged(({ msg }) => msg.startsWith('admin on'))
    const { address } = await rig.millrace.logged(
      ({ listener, address }) => listener === 'front' && !!address,
    )
    rig.port = Number(address!.split(':').at(-1))
    return rig
  }

  get socket(): string {
    return join(this.folder, 'admin.sock')
  }

  get pidFile(): string {
    return join(this.folder, 'millrace.pid')
  }

  /** The process that serves, by its pid file. */
  get pid(): number {
    return Number(readFileSync(this.pidFile, 'utf8'))
  }

  /** Every process that has served or was about to. */
  get pids(): number[] {
    const later = this.millrace.lines.flatMap(({ successor }) =>
      successor === undefined ? [] : [Number(successor)],
    )
    return [...new Set([this.millrace.program.pid, ...later])]
  }

  async end(): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy()
    for (const pid of this.pids) kill(pid, 'SIGKILL')
    await this.millrace.program.exited
    await this.backend.close()
  }

  config(more: object = {}): ProxyConfig {
    return {
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'a' }],
      clusters: { a: { backends: [this.backend.address] } },
      timeouts: { drainMs: '300ms' },
      handOver: false,
      admin: `unix:${this.socket}`,
      ...more,
    }
  }

  write(more: object): void {
    writeFileSync(this.file, JSON.stringify(this.config(more)))
  }

  /** Resolves when the successor serves. */
  async upgrade(): Promise<Upgraded> {
    return (await this.admin.ask('POST', '/api/v1/upgrade', undefined, true)) as Upgraded
  }

  async status(): Promise<ProxyStatus> {
    return (await this.admin.ask('GET', '/api/v1/status')) as ProxyStatus
  }

  async statusWhen(isWanted: (status: ProxyStatus) => boolean): Promise<ProxyStatus> {
    return await untilAnswer(() => this.status(), isWanted)
  }

  async connect(port = this.port): Promise<Peer> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    this.#clients.push(client)
    return client
  }

  /** Connects a client and waits for its echo. */
  async join(port = this.port): Promise<Peer> {
    const client = await this.connect(port)
    client.send(Buffer.from('hello'))
    await client.receive(5)
    return client
  }

  /** While `act` runs, clients connect one after another. Each waits for its echo, and `between` runs. Rejects if one gets none. */
  async joinDuring<Value>(
    act: () => Promise<Value>,
    between: () => Promise<void> = async () => {},
  ): Promise<{ value: Value; clients: number }> {
    let isOver = false
    const acting = act().finally(() => {
      isOver = true
    })
    let clients = 0
    for (; !isOver || clients < LEAST_CLIENTS; clients++) {
      const client = await this.join()
      client.socket.destroy()
      await between()
    }
    return { value: await acting, clients }
  }

  /** Resolves when a process is gone. */
  async gone(pid: number): Promise<void> {
    await until(() => !isAlive(pid))
  }
}

export interface StartOptions {
  readonly native?: 'off' | undefined
  /** The path by which the command is started. Default: the built command. */
  readonly script?: string
}

const LEAST_CLIENTS = 100

export function isAlive(pid: number): boolean {
  try {
    // A process that has ended and that nobody has waited for still has an entry.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') === false
  } catch {
    return false
  }
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone.
  }
}
