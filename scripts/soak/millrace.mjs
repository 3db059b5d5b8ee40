// The millrace under test: the command, its config, its log, and what an operator does to it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { AdminClient } from '../../dist/command/client.js'
import { runToEnd, start, stop, waitUntilListening, workDirectory } from '../bench/processes.mjs'
import { keyOf } from './failures.mjs'
import { treeOf, usageOf } from './usage.mjs'

const CLI = join(import.meta.dirname, '../../bundle/cli.js')
const FILE = join(workDirectory, 'millrace.json')
const SOCKET = join(workDirectory, 'admin.sock')
const RELOAD_MS = 30_000
const IDLE_MS = 30_000
const WARN = 40
const ERROR = 50
/** Lines about backends that fail are what the soak is for. */
const EXPECTED = /^(backend|no address for) /

export class Millrace {
  /** By `keyOf`: the record of the last such connection. */
  records = new Map()
  /** Lines of the log that should not be there. */
  unexpected = []
  #admin = new AdminClient({ address: { kind: 'unix', path: SOCKET }, token: undefined })
  #services
  #workers
  /** Backends that are not in the config. */
  #removed = new Set()
  #lastReload = Promise.resolve()

  constructor(services, workers) {
    this.#services = services
    this.#workers = workers
  }

  async start() {
    this.#write()
    this.child = start([process.execPath, CLI, '--config', FILE], { stdout: 'pipe' })
    createInterface({ input: this.child.stdout }).on('line', (line) => this.read(line))
    for (const { port } of this.#services) await waitUntilListening(this.child, { port })
    while ((await this.status().catch(() => undefined))?.workers !== this.#workers) await sleep(50)
  }

  /** Ends it as a service manager does, and answers the exit code. */
  async stop() {
    await stop(this.child)
    return await this.child.ended
  }

  /** Changes the state or the weight of a backend. */
  async change(service, address, change) {
    const path = `/api/v1/clusters/${service}/backends/${encodeURIComponent(address)}`
    await this.#admin.ask('PATCH', path, change)
  }

  async remove(address) {
    this.#removed.add(address)
    await this.#reload()
  }

  async add(address) {
    this.#removed.delete(address)
    await this.#reload()
  }

  async status() {
    return await this.#admin.ask('GET', '/api/v1/status')
  }

  /** Kernel pipes that wait for their next use are no leak, so their fds do not count. */
  async usage() {
    const { kernel, workerDeaths } = await this.status()
    const usage = usageOf(treeOf(this.child.pid))
    return { ...usage, fds: usage.fds - 2 * (kernel?.pipesIdle ?? 0), workerDeaths }
  }

  /** Waits until it has no connections, and answers how many are left after a while. */
  async idle() {
    const deadline = Date.now() + IDLE_MS
    for (;;) {
      const { listeners } = await this.status()
      const left = listeners.reduce((sum, { active }) => sum + active, 0)
      if (left === 0 || Date.now() > deadline) return left
      await sleep(100)
    }
  }

  /** One reload after the other. It is the command that asks for it. */
  async #reload() {
    this.#lastReload = this.#lastReload.then(async () => {
      this.#write()
      await runToEnd([process.execPath, CLI, 'reload', '--admin', `unix:${SOCKET}`], {}, RELOAD_MS)
    })
    await this.#lastReload
  }

  #write() {
    writeFileSync(FILE, JSON.stringify(this.#config()))
  }

  #config() {
    const listeners = this.#services.map(({ name, port }) => ({
      name,
      address: `127.0.0.1:${port}`,
      cluster: name,
    }))
    const clusters = this.#services.map(({ name, cluster, addresses }) => [
      name,
      { ...cluster, backends: addresses.filter((address) => !this.#removed.has(address)) },
    ])
    return {
      workers: this.#workers,
      admin: `unix:${SOCKET}`,
      listeners,
      clusters: Object.fromEntries(clusters),
      timeouts: { connectMs: 1000, drainMs: 3000 },
    }
  }

  /** Takes a line of the log. */
  read(text) {
    const line = parse(text)
    if (line?.msg === 'connection') this.records.set(keyOf(line.listener, line.client), line)
    else if (line === undefined || line.level >= ERROR) this.unexpected.push(text)
    else if (line.level >= WARN && !EXPECTED.test(line.msg)) this.unexpected.push(text)
  }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
