/** A running millrace with an admin socket, two listeners and a client on each, and the verbs that ask it. */
import type { ProxyConfig } from '../../src/config/input.js'
import { Backend } from '../support/backend.js'
import { type Millrace, runMillrace, startWith } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import type { Finished } from '../support/programs.js'

export class VerbsRig {
  readonly backends: readonly Backend[]
  readonly clients: Peer[] = []
  millrace!: Millrace
  /** The path of its config file. */
  file = ''
  /** The process that took its place in an upgrade. */
  #successor: number | undefined
  readonly #folder: string
  readonly #xdg: string

  static async start(folder: string): Promise<VerbsRig> {
    const rig = new VerbsRig(folder, [(await Backend.listen()).echo(), (await Backend.listen()).echo()])
    const ports = await rig.run(rig.config())
    for (const name of ['postgres', 'redis']) {
      const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: ports[name]! })
      rig.clients.push(client)
      client.send(Buffer.alloc(2000))
      await client.receive(2000)
    }
    return rig
  }

  private constructor(folder: string, backends: readonly Backend[]) {
    this.#folder = folder
    this.#xdg = `${folder}/${Math.random().toString(36).slice(2)}`
    this.backends = backends
  }

  config(): ProxyConfig {
    const [pg, cache] = this.backends
    return {
      listeners: [
        {
          name: 'postgres',
          address: '127.0.0.1:0',
          cluster: 'pg',
          limits: { perSource: { maxConnections: 100 } },
        },
        { name: 'redis', address: '127.0.0.1:0', cluster: 'cache' },
      ],
      clusters: {
        pg: { backends: [pg!.address], health: { failback: 'manual' } },
        cache: { backends: [cache!.address] },
      },
      admin: `unix:${this.#folder}/admin.sock`,
    }
  }

  /** Starts millrace and waits until verbs can ask it; returns the port of each listener. */
  async run(config: ProxyConfig): Promise<Readonly<Record<string, number>>> {
    const started = await startWith(this.#folder, config, { splice: 'auto', native: undefined })
    this.millrace = started.millrace
    this.file = started.file
    await this.millrace.logged(({ msg }) => msg.startsWith('admin on'))
    return started.ports
  }

  get env(): Record<string, string> {
    return { MILLRACE_ADMIN: `unix:${this.#folder}/admin.sock`, XDG_RUNTIME_DIR: this.#xdg }
  }

  ask(line: string, more: Record<string, string> = {}): Promise<Finished> {
    return runMillrace(line.split(' '), { env: { ...this.env, ...more } })
  }

  /** For arguments with spaces. */
  askWith(args: readonly string[]): Promise<Finished> {
    return runMillrace(args, { env: this.env })
  }

  /** If this is the answer to an upgrade, the new process ends with the rig, too. */
  noteSuccessor(answer: string): void {
    const [, pid] = /process (\d+) serves/.exec(answer) ?? []
    if (pid !== undefined) this.#successor = Number(pid)
  }

  async end(): Promise<void> {
    for (const { socket } of this.clients) socket.destroy()
    if (this.#successor !== undefined) process.kill(this.#successor, 'SIGKILL')
    await this.millrace.program.kill()
    await Promise.all(this.backends.map((backend) => backend.close()))
  }
}
