/** A proxy of the library in this process, with what it logs, and the clients and backends around it. */
import { expect } from 'vitest'
import { parseAddress } from '../../src/address.js'
import type { ProxyConfig } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import type { Reloaded } from '../../src/control/answers.js'
import type { EndingCount } from '../../src/observe/status.js'
import { ProxyControl } from '../../src/proxy/proxy-control.js'
import type { RunningProxyOptions } from '../../src/proxy/running-options.js'
import { RunningProxy } from '../../src/proxy/running-proxy.js'
import { Backend } from '../support/backend.js'
import { restoreClock } from '../support/clock.js'
import { connectTo, type Peer, turnedAway } from '../support/peer.js'
import { type AccessRecord, recordSchema } from '../support/record-fields.js'

export interface Logged {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

/** What a test says of a config. The rest is one listener in front of one cluster with these backends. */
export interface BedConfig extends Partial<ProxyConfig> {
  readonly backends?: readonly (Backend | string)[]
}

export class Bed {
  readonly proxy: RunningProxy
  /** What operators use to see and change the proxy. */
  readonly control: ProxyControl
  readonly logged: Logged[] = []
  readonly #clients: Peer[] = []
  readonly #backends: readonly Backend[]
  readonly #config: BedConfig
  readonly #watchers = new Set<() => void>()

  /** Makes a proxy that is not yet started. */
  constructor(options: BedConfig, running: RunningProxyOptions = {}) {
    this.#config = options
    this.#backends = (options.backends ?? []).filter((each) => each instanceof Backend)
    const config = validateConfig(this.#complete(options))
    this.proxy = new RunningProxy(config, { log: this.#log(), ...running })
    this.control = new ProxyControl(this.proxy, {
      load: () => {
        throw new Error('a test reloads with a config of its own')
      },
      reopenLogs: async () => {},
      ended: () => {},
    })
  }

  #complete({ backends = [], ...config }: BedConfig): ProxyConfig {
    const addresses = backends.map((each) => (each instanceof Backend ? each.address : each))
    return {
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
      clusters: { back: { backends: addresses } },
      ...config,
    }
  }

  static async start(config: BedConfig, running: RunningProxyOptions = {}): Promise<Bed> {
    const bed = new Bed(config, running)
    await bed.proxy.start()
    return bed
  }

  /** Reloads the same config with these changes. */
  async reload(changes: BedConfig): Promise<Reloaded> {
    return await this.reloadWith(this.#complete({ ...this.#config, ...changes }))
  }

  /** Reloads this config, as the library does. */
  reloadWith(config: ProxyConfig): Promise<Reloaded> {
    return this.proxy.reloadWith(() => ({ config: validateConfig(config) }))
  }

  /** The address at which clients reach a listener. */
  address(listener = 0): string {
    return this.proxy.status().listeners[listener]!.address
  }

  /** `from`: the address of the client. */
  async connect(listener = 0, from?: string): Promise<Peer> {
    const address = parseAddress(this.address(listener))
    if (typeof address === 'string') throw new Error(address)
    const client = await connectTo(address, from)
    this.#clients.push(client)
    return client
  }

  /** Connects a client that is not served; returns how it ends. */
  turnedAway(listener = 0, from?: string): Promise<string> {
    return turnedAway(this.connect(listener, from))
  }

  /** Every record so far. Checks each against the schema. */
  get records(): readonly AccessRecord[] {
    return this.logged.flatMap(({ level, message, ...fields }) =>
      message === 'connection' ? [recordSchema.parse(fields)] : [],
    )
  }

  /** All records, as soon as there are `count`; more than that is an error. */
  async recorded(count: number): Promise<readonly AccessRecord[]> {
    const isRecord = ({ message }: Logged) => message === 'connection'
    await this.#until(() => this.logged.filter(isRecord).length >= count)
    expect(this.records).toHaveLength(count)
    return this.records
  }

  /** The first line of the log that matches, as soon as there is one. */
  async told(message: RegExp): Promise<Logged> {
    let found: Logged | undefined
    await this.#until(() => {
      found = this.logged.find((line) => message.test(line.message))
      return found !== undefined
    })
    return found!
  }

  /** Ends everything. Checks that each accepted connection has exactly one record, and that the counts agree. */
  async end(): Promise<void> {
    await this.proxy.stop()
    restoreClock()
    for (const { socket } of this.#clients) socket.destroy()
    await Promise.all(this.#backends.map((backend) => backend.close()))
    const { listeners, pastListeners, connections, endings } = this.proxy.status()
    const accepted = sum([...listeners, ...pastListeners].map((listener) => listener.accepted))
    expect(connections).toMatchObject({ active: 0, ended: accepted })
    const isLogging = this.#config.log?.access !== false
    expect(new Set(this.records.map(({ id }) => id)).size).toBe(isLogging ? accepted : 0)
    expect(this.records).toHaveLength(isLogging ? accepted : 0)
    const counted = endings.flatMap(({ count, ...labels }) => Array(count).fill(tellEnding(labels)))
    expect(counted).toHaveLength(accepted)
    if (isLogging) expect(counted.sort()).toEqual(this.records.map(endingOf).sort())
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#watchers.add(resolve))
  }

  #log() {
    const write =
      (level: string) =>
      (first: unknown, message = ''): void => {
        const fields = JSON.parse(JSON.stringify(first, withMessages))
        this.logged.push({ ...fields, level, message })
        for (const watcher of this.#watchers) watcher()
        this.#watchers.clear()
      }
    return {
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      isLevelEnabled: () => true,
    }
  }
}

/** JSON leaves out what an error says. */
const withMessages = (_: string, value: unknown): unknown =>
  value instanceof Error ? { ...value, message: value.message } : value

function endingOf({ listener, cluster = '', ended: { by, phase, cause } }: AccessRecord): string {
  return tellEnding({ listener, cluster, by, phase, cause: cause.split(':')[0]! })
}

const tellEnding = ({
  listener,
  cluster,
  by,
  phase,
  cause,
}: Omit<EndingCount, 'count' | 'outcome'>): string => [listener, cluster, by, phase, cause].join(' ')

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
