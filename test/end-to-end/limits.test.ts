/**
 * Limits of the whole command, counted to the last connection: 27,000 attempts from 500 sources, several workers, a worker
 * that is killed, and reloads that change limits. No source ever has one connection too many, and none loses a place for ever.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdminClient } from '../../src/command/client.js'
import type { ProxyConfig } from '../../src/config/input.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'
import { untilAnswer } from '../support/wait.js'

/** How many attempts are under way at the same time. */
const AT_ONCE = 200
const SOURCES = Array.from({ length: 500 }, (_, n) => `127.1.${n % 2}.${1 + (n >> 1)}`)

/** How many connections a source, or for `whole` all sources together, may have, and how many they try to get. */
interface Trial {
  readonly sources: readonly string[]
  readonly tries: number
  readonly isWhole?: boolean
}

const TRIALS: Readonly<Record<'one' | 'twenty' | 'thousand', Trial>> = {
  one: { sources: SOURCES, tries: 3 },
  twenty: { sources: SOURCES.slice(0, 100), tries: 24 },
  thousand: { sources: SOURCES, tries: 3, isWhole: true },
}
type Listener = keyof typeof TRIALS
const LISTENERS = Object.keys(TRIALS) as Listener[]

/** The clients that are served, by listener and source. */
class Crowd {
  readonly served = new Map<string, Set<Socket>>()
  readonly #ports: Readonly<Record<string, number>>

  constructor(ports: Readonly<Record<string, number>>) {
    this.#ports = ports
  }

  /** Every source of every listener tries as often as its trial says. */
  async storm(): Promise<void> {
    const attempts = LISTENERS.flatMap((listener) => {
      const { sources, tries } = TRIALS[listener]
      return Array.from({ length: tries }, () => sources.map((source) => ({ listener, source }))).flat()
    })
    const next = attempts.values()
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const { listener, source } of next) await this.#try(listener, source)
      }),
    )
  }

  /** How many each source has of its limit: a set of one number if all have the same. */
  counts(listener: Listener): ReadonlySet<number> {
    const { sources, isWhole } = TRIALS[listener]
    const each = sources.map((source) => this.served.get(`${listener} ${source}`)?.size ?? 0)
    return new Set(isWhole === true ? [each.reduce((sum, count) => sum + count, 0)] : each)
  }

  get size(): number {
    return [...this.served.values()].reduce((sum, { size }) => sum + size, 0)
  }

  async leave(): Promise<void> {
    const all = [...this.served.values()].flatMap((sockets) => [...sockets])
    const closed = all.map((socket) => once(socket, 'close'))
    for (const socket of all) socket.destroy()
    await Promise.all(closed)
  }

  /** A client is served if it gets its byte back, and refused if it gets anything else. */
  async #try(listener: Listener, source: string): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port: this.#ports[listener]!, localAddress: source })
    socket.on('error', () => {})
    socket.write('?')
    await new Promise<void>((resolve) => {
      socket.once('close', resolve)
      socket.once('data', () => {
        const key = `${listener} ${source}`
        const its = this.served.get(key) ?? new Set<Socket>()
        this.served.set(key, its.add(socket))
        socket.once('close', () => its.delete(socket))
        resolve()
      })
    })
  }
}

describe.each(modes().filter(({ splice, native }) => splice === 'auto' && native === undefined))(
  'limits ($name)',
  (mode) => {
    const folder = temporaryFolder()
    let backend: Server
    let millrace: Millrace
    let file: string
    let crowd: Crowd
    beforeEach(async () => {
      backend = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(
        0,
        '127.0.0.1',
        4096,
      )
      await once(backend, 'listening')
    })
    afterEach(async () => {
      await crowd.leave()
      expect(await millrace.stop()).toMatchObject({ code: 0 })
      backend.close()
    })

    const config = (workers: number, [one, twenty, thousand]: readonly number[]): ProxyConfig => {
      const listener = (name: Listener, limits: object) => ({
        name,
        address: '127.0.0.1:0',
        cluster: 'back',
        limits,
      })
      return {
        workers,
        listeners: [
          listener('one', { perSource: { maxConnections: one } }),
          listener('twenty', { perSource: { maxConnections: twenty } }),
          listener('thousand', { maxConnections: thousand, whenFull: 'refuse' }),
        ],
        clusters: { back: { backends: [`127.0.0.1:${(backend.address() as AddressInfo).port}`] } },
        log: { access: false },
        admin: `unix:${folder}/admin.sock`,
      }
    }
    const start = async (of: ProxyConfig): Promise<void> => {
      const started = await startWith(folder, of, mode)
      ;({ millrace, file } = started)
      crowd = new Crowd(started.ports)
    }
    const has = (): number[][] => LISTENERS.map((listener) => [...crowd.counts(listener)])
    const admin = new AdminClient({
      address: { kind: 'unix', path: `${folder}/admin.sock` },
      token: undefined,
    })
    const status = async (): Promise<ProxyStatus> => (await admin.ask('GET', '/api/v1/status')) as ProxyStatus
    const statusWith = (isWanted: (status: ProxyStatus) => boolean): Promise<ProxyStatus> =>
      untilAnswer(status, isWanted)

    const allGivenBack = () => statusWith(({ limits }) => limits.every(({ held }) => held === 0))

    it('one process lets in exactly as many as its limits say, and gives every place back', async () => {
      await start(config(1, [1, 20, 1000]))
      await crowd.storm()
      expect(has()).toEqual([[1], [20], [1000]])
      await crowd.leave()
      await allGivenBack()
    })

    it('four workers let in exactly as many as the limits say, whoever is killed and whatever a reload changes', async () => {
      await start(config(4, [1, 20, 1000]))
      await crowd.storm()
      expect(has()).toEqual([[1], [20], [1000]])

      const { processes } = await status()
      const before = crowd.size
      process.kill(processes[1]!.pid, 'SIGKILL')
      await statusWith(({ workers, workerDeaths }) => workers === 4 && workerDeaths === 1)
      expect(crowd.size).toBeLessThan(before)
      await crowd.storm()
      expect(has()).toEqual([[1], [20], [1000]])

      writeFileSync(file, JSON.stringify(config(4, [2, 5, 1200])))
      millrace.program.child.kill('SIGHUP')
      await statusWith(({ config: { reloads } }) => reloads === 1)
      await crowd.storm()
      expect(has()).toEqual([[2], [20], [1200]])
      await crowd.leave()
      await allGivenBack()
      await crowd.storm()
      expect(has()).toEqual([[2], [5], [1200]])
    })
  },
)
