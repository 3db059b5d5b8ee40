/** The admin addresses of the process: it opens them, lets a successor inherit them, and closes them. */
import { closeSync, linkSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { formatAddress } from '../address.js'
import { defaultAdminAddress } from '../admin/default-address.js'
import type { History } from '../admin/history.js'
import type { AdminServer } from '../admin/server.js'
import type { Config } from '../config/schema.js'
import type { AdminConfig } from '../config/schemas/admin-schema.js'
import type { Control } from '../control/control.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { removeSocketFile } from '../io/listening/listen-errors.js'
import { hasFile } from '../io/listening/socket-file.js'
import type { Log } from '../observe/log/log.js'
import type { AdminDoor } from '../upgrade/upgrade-host.js'

const NO_ADMIN = 'no admin socket: set "admin" to an address, or to false'

type Inherited = AdminDoor['sockets'][number]

export class AdminAddresses implements AdminDoor {
  readonly #asked: Config['admin']
  readonly #log: Log
  #servers: AdminServer[] = []
  #history: History | undefined

  /** `asked` undefined: the default address, which may fail to open. */
  constructor(asked: Config['admin'], log: Log) {
    this.#asked = asked
    this.#log = log
  }

  get sockets(): readonly Inherited[] {
    return this.#servers.flatMap(({ address, fd }) =>
      fd === undefined ? [] : [{ address, fd, isDefault: this.#isDefault }],
    )
  }

  /** Loads what `open` needs, before clients have to wait for it. */
  async load(): Promise<void> {
    if (this.#asked?.length !== 0) await loadServer()
  }

  /** `inherited`: the sockets of an earlier process. One is used if its address is the same, or the default of both. */
  async open(control: Control, inherited: readonly Inherited[] = []): Promise<void> {
    const configs = this.#asked ?? defaultAdmin()
    if (typeof configs === 'string') {
      this.#log.warn({ reason: configs }, NO_ADMIN)
      return
    }
    if (configs.length === 0) return
    const [{ AdminServer }, { renderMetrics }, { Told }] = await loadServer()
    const told = new Told(control, renderMetrics)
    try {
      for (const config of configs) {
        const server = new AdminServer({ told, config, log: this.#log })
        await server.start(this.#fdFor(config, inherited))
        this.#servers.push(server)
      }
      told.history.start()
      this.#history = told.history
    } catch (err) {
      if (!this.#isDefault) throw err
      this.#log.warn({ err }, NO_ADMIN)
    }
  }

  leave(): void {
    this.#history?.stop()
    for (const server of this.#servers) void server.leave()
  }

  /** Nobody answers here any more. If another process has the socket, only the name that has this process's id goes. */
  async close(): Promise<void> {
    const addresses = this.#servers.map(({ address }) => address)
    this.#history?.stop()
    await Promise.all(this.#servers.map((server) => server.stop()))
    if (!this.#isDefault) return
    for (const address of addresses) if (hasFile(address)) removeSocketFile(address.path)
  }

  get #isDefault(): boolean {
    return this.#asked === undefined
  }

  /** The default address has the id of its process. So the socket gets a second name, and no moment is without one. */
  #fdFor({ address }: AdminConfig, inherited: readonly Inherited[]): number | undefined {
    const same = inherited.find((each) => isDeepStrictEqual(each.address, address))
    if (same !== undefined) return same.fd
    const before = inherited.find(({ isDefault }) => isDefault && this.#isDefault)
    if (before?.address.kind !== 'unix' || address.kind !== 'unix') return undefined
    removeSocketFile(address.path)
    linkSync(before.address.path, address.path)
    return before.fd
  }

  /** This process serves: nobody answers any more at addresses that only the earlier process had. */
  leaveOthers(inherited: readonly Inherited[]): void {
    const places = new Set(this.#servers.map(({ address }) => formatAddress(address)))
    for (const { address, isDefault, fd } of inherited) {
      const before = formatAddress(address)
      if (places.has(before) || (isDefault && this.#isDefault)) continue
      closeSync(fd)
      if (hasFile(address) && !activatedSockets.has(address)) removeSocketFile(address.path)
      this.#log.info({ before }, 'the admin address is another one than before')
    }
  }
}

const loadServer = () =>
  Promise.all([
    import('../admin/server.js'),
    import('../observe/metrics/metrics.js'),
    import('../admin/told.js'),
  ])

/** The default admin address, or the reason why there is none. */
function defaultAdmin(): readonly AdminConfig[] | string {
  const address = defaultAdminAddress(process.env)
  if (typeof address === 'string') return address
  return [{ role: 'operate', address, token: undefined, hosts: [], readOnly: false }]
}
