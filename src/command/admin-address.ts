/** The admin address of the process: it opens it, lets a successor inherit it, and closes it. */
import { linkSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { formatAddress } from '../address.js'
import { defaultAdminAddress } from '../admin/default-address.js'
import type { AdminServer } from '../admin/server.js'
import type { Config } from '../config/schema.js'
import type { AdminConfig } from '../config/schemas/admin-schema.js'
import type { Control } from '../control/control.js'
import { removeSocketFile } from '../io/listening/listen-errors.js'
import { hasFile } from '../io/listening/socket-file.js'
import type { Log } from '../observe/log/log.js'
import type { AdminDoor } from '../upgrade/upgrade.js'

const NO_ADMIN = 'no admin socket: set "admin" to an address, or to false'

type Inherited = NonNullable<AdminDoor['socket']>

export class AdminAddress implements AdminDoor {
  readonly #asked: Config['admin']
  readonly #log: Log
  #server: AdminServer | undefined

  /** `asked` undefined: the default address, which may fail to open. */
  constructor(asked: Config['admin'], log: Log) {
    this.#asked = asked
    this.#log = log
  }

  get socket(): Inherited | undefined {
    const { address, fd } = this.#server ?? {}
    if (address === undefined || fd === undefined) return undefined
    return { address, fd, isDefault: this.#asked === undefined }
  }

  /** `inherited`: the socket of an earlier process. It is used if the address is the same, or the default of both. */
  async open(control: Control, inherited?: Inherited): Promise<void> {
    const config = this.#asked ?? defaultAdmin()
    if (config === false) return
    if (typeof config === 'string') {
      this.#log.warn({ reason: config }, NO_ADMIN)
      return
    }
    const [{ AdminServer }, { renderMetrics }] = await Promise.all([
      import('../admin/server.js'),
      import('../observe/metrics/metrics.js'),
    ])
    const server = new AdminServer({ control, config, renderMetrics, log: this.#log })
    try {
      await server.start(inherited && this.#fdFor(config, inherited))
      this.#server = server
    } catch (err) {
      if (this.#asked !== undefined) throw err
      this.#log.warn({ err }, NO_ADMIN)
    }
  }

  leave(): void {
    void this.#server?.leave()
  }

  /** Nobody answers here any more. If another process has the socket, only the name that has this process's id goes. */
  async close(): Promise<void> {
    const { address } = this.#server ?? {}
    await this.#server?.stop()
    if (this.#asked === undefined && address !== undefined && hasFile(address)) removeSocketFile(address.path)
  }

  /** The default address has the id of its process. So the socket gets a second name, and no moment is without one. */
  #fdFor({ address }: AdminConfig, { address: before, isDefault, fd }: Inherited): number | undefined {
    if (isDeepStrictEqual(address, before)) return fd
    if (!isDefault || this.#asked !== undefined || address.kind !== 'unix' || before.kind !== 'unix') {
      this.#log.info({ before: formatAddress(before) }, 'the admin address is another one than before')
      return undefined
    }
    removeSocketFile(address.path)
    linkSync(before.path, address.path)
    return fd
  }
}

/** The default admin address, or the reason why there is none. */
function defaultAdmin(): AdminConfig | string {
  const address = defaultAdminAddress(process.env)
  return typeof address === 'string' ? address : { address, token: undefined, hosts: [], readOnly: false }
}
