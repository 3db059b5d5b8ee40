/**
 * HAProxy and millrace with the same config and the same backends. A test does the same things to both, and compares
 * what it has counted.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { AdminClient } from '../../src/command/client.js'
import type { ClusterInput } from '../../src/config/input.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { listeningPort, Millrace, writeConfig } from '../support/millrace.js'
import { freePort, listeningOn, Program } from '../support/programs.js'
import { until, untilAnswer } from '../support/wait.js'

/** One server, in the words of both. */
export interface ServerSetting {
  readonly name: string
  /** Default: 127.0.0.1. */
  readonly host?: string
  readonly port: number
  readonly weight?: number
  readonly backup?: boolean
}

/** The same cluster, once for HAProxy and once for millrace. */
export interface Setting {
  /** Lines of HAProxy's `backend`. */
  readonly lines: readonly string[]
  /** What follows on every `server` line. Default: nothing. */
  readonly serverOptions?: string
  readonly cluster: Omit<ClusterInput, 'backends'>
  readonly servers: readonly ServerSetting[]
}

export type OperatorState = 'up' | 'drain' | 'maint'

/** What a test may know of a server: its state in words of both proxies, and its last check. */
export interface ServerState {
  readonly isUp: boolean
  /** Such as `L4CON`. Empty without checks. */
  readonly reason: string
}

export interface Proxy {
  readonly name: 'HAProxy' | 'millrace'
  readonly port: number
  setState(server: string, state: OperatorState): Promise<void>
  setWeight(server: string, weight: number): Promise<void>
  stateOf(server: string): Promise<ServerState>
  /** Connections that the server has. */
  openAt(server: string): Promise<number>
  /** Connects that failed. */
  failedConnects(): Promise<number>
  end(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
/** Short: a backend that drops connects costs so much each time. */
const CONNECT_MS = 300

export type Start = (folder: string, setting: Setting) => Promise<Proxy>

export const PROXIES: Readonly<Record<Proxy['name'], Start>> = {
  HAProxy: startHaproxy,
  millrace: startMillrace,
}

/** Asks until the server is in this state, and answers the reason. */
export async function untilState(proxy: Proxy, server: string, isUp: boolean): Promise<string> {
  const state = await untilAnswer(
    () => proxy.stateOf(server),
    (state) => state.isUp === isUp,
  )
  return state.reason
}

export async function untilOpen(proxy: Proxy, server: string, count: number): Promise<void> {
  await untilAnswer(
    () => proxy.openAt(server),
    (open) => open === count,
  )
}

async function startHaproxy(folder: string, { lines, serverOptions = '', servers }: Setting): Promise<Proxy> {
  const port = await freePort()
  const id = randomUUID().slice(0, 8)
  const socket = join(folder, `${id}.sock`)
  const file = join(folder, `${id}.cfg`)
  const server = ({ name, host, port: at, weight = 1, backup = false }: ServerSetting): string =>
    `server ${name} ${host ?? LOOPBACK}:${at} weight ${weight} ${backup ? 'backup' : ''} ${serverOptions}`
  writeFileSync(
    file,
    `global
  stats socket ${socket} level admin
  nbthread 1
defaults
  mode tcp
  timeout connect ${CONNECT_MS}
  timeout client 1m
  timeout server 1m
  retries 3
  option redispatch 1
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
${[...lines, ...servers.map(server)].map((line) => `  ${line}\n`).join('')}`,
  )
  const program = new Program('haproxy', ['-db', '-f', file])
  await listeningOn(port, program)
  await until(() => existsSync(socket))
  return new Haproxy(port, program, socket)
}

class Haproxy implements Proxy {
  readonly name = 'HAProxy'
  readonly port: number
  readonly #program: Program
  readonly #socket: string

  constructor(port: number, program: Program, socket: string) {
    this.port = port
    this.#program = program
    this.#socket = socket
  }

  async setState(server: string, state: OperatorState): Promise<void> {
    await this.#order(`set server back/${server} state ${state === 'up' ? 'ready' : state}`)
  }

  async setWeight(server: string, weight: number): Promise<void> {
    await this.#order(`set server back/${server} weight ${weight}`)
  }

  async stateOf(server: string): Promise<ServerState> {
    const row = await this.#row(server)
    return { isUp: /^(UP|no check)/.test(row.status!), reason: row.check_status!.replace('* ', '') }
  }

  async openAt(server: string): Promise<number> {
    return Number((await this.#row(server)).scur)
  }

  async failedConnects(): Promise<number> {
    const { wretr, wredis } = await this.#row('BACKEND')
    return Number(wretr) + Number(wredis)
  }

  async end(): Promise<void> {
    await this.#program.kill()
  }

  async #row(server: string): Promise<Readonly<Record<string, string | undefined>>> {
    const [head = '', ...rows] = (await this.#order('show stat back -1 -1')).trim().split('\n')
    const names = head.replace('# ', '').split(',')
    const fields = rows.map((row) => row.split(',')).find((row) => row[1] === server)!
    return Object.fromEntries(names.map((name, index) => [name, fields[index]]))
  }

  /** Management Guide, section 9.3. */
  async #order(text: string): Promise<string> {
    const socket = connect(this.#socket)
    socket.end(`${text}\n`)
    let answer = ''
    for await (const bytes of socket) answer += String(bytes)
    return answer
  }
}

async function startMillrace(folder: string, { cluster, servers }: Setting): Promise<Proxy> {
  const socket = join(folder, `${randomUUID().slice(0, 8)}.sock`)
  const backends = servers.map(({ host, port, weight = 1, backup }) => ({
    address: `${host ?? LOOPBACK}:${port}`,
    weight,
    ...(backup === undefined ? {} : { backup }),
  }))
  const file = writeConfig(folder, {
    listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
    clusters: { back: { ...cluster, backends } },
    admin: `unix:${socket}`,
    timeouts: { connectMs: CONNECT_MS },
  })
  const millrace = new Millrace(['--config', file])
  await millrace.logged(({ msg }) => msg.startsWith('admin on'))
  const addresses = new Map(servers.map(({ name, host, port }) => [name, `${host ?? LOOPBACK}:${port}`]))
  return new MillraceBeside(await listeningPort(millrace), millrace, socket, addresses)
}

class MillraceBeside implements Proxy {
  readonly name = 'millrace'
  readonly port: number
  readonly #millrace: Millrace
  readonly #admin: AdminClient
  readonly #addresses: ReadonlyMap<string, string>

  constructor(port: number, millrace: Millrace, socket: string, addresses: ReadonlyMap<string, string>) {
    this.port = port
    this.#millrace = millrace
    this.#admin = new AdminClient({ address: { kind: 'unix', path: socket }, token: undefined })
    this.#addresses = addresses
  }

  async setState(server: string, state: OperatorState): Promise<void> {
    await this.#change(server, { state })
  }

  async setWeight(server: string, weight: number): Promise<void> {
    await this.#change(server, { weight })
  }

  async stateOf(server: string): Promise<ServerState> {
    const { state } = await this.#backend(server)
    return { isUp: state === 'up', reason: '' }
  }

  async openAt(server: string): Promise<number> {
    return (await this.#backend(server)).active
  }

  async failedConnects(): Promise<number> {
    return (await this.#cluster()).backends.reduce((sum, { failures }) => sum + failures, 0)
  }

  async end(): Promise<void> {
    await this.#millrace.program.kill()
  }

  async #change(server: string, change: object): Promise<void> {
    const path = `/api/v1/clusters/back/backends/${encodeURIComponent(this.#addressOf(server))}`
    await this.#admin.ask('PATCH', path, change)
  }

  async #backend(server: string): Promise<ProxyStatus['clusters'][number]['backends'][number]> {
    return (await this.#cluster()).backends.find(({ address }) => address === this.#addressOf(server))!
  }

  async #cluster(): Promise<ProxyStatus['clusters'][number]> {
    return ((await this.#admin.ask('GET', '/api/v1/status')) as ProxyStatus).clusters[0]!
  }

  readonly #addressOf = (server: string): string => this.#addresses.get(server)!
}
