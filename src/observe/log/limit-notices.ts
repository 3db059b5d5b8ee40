/**
 * Log lines about limits. A limit that begins to turn clients away is told once, and once more when it is over. No client
 * has a line of its own here: its record has the cause.
 */
import { formatPeer, type PeerAddress } from '../../address.js'
import type { Log } from './log.js'

/** What becomes of the clients for which a limit has no place. */
export type Turned = 'refused' | 'waits' | 'dry-run'

/** What turns clients away. */
export interface Turning {
  readonly scope: string
  /** The scope for people. */
  readonly owner: string
  /** The key of the config, if it is one. */
  readonly name: string
  readonly most?: number | undefined
  /** Whether it is about one client, and not about all of the scope. */
  readonly isOfClient: boolean
  readonly happens: 'is reached' | 'applies'
}

/** It is over when the limit has let everybody in for this long (ms). */
const QUIET_MS = 10_000

interface Notice {
  readonly title: string
  readonly facts: object
  /** How many clients were turned away. A client that waits is asked about again and again, so it counts as 0. */
  clients: number
  isQuiet: boolean
}

export class LimitNotices {
  readonly #log: Log
  readonly #active = new Map<string, Notice>()
  #timer: NodeJS.Timeout | undefined

  constructor(log: Log) {
    this.#log = log
  }

  tell(turning: Turning, turned: Turned, client: PeerAddress): void {
    const key = `${turning.scope} ${turning.name} ${turned}`
    const notice = this.#active.get(key) ?? this.#begin(key, turning, turned, client)
    notice.isQuiet = false
    if (turned !== 'waits') notice.clients++
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#active.clear()
  }

  #begin(key: string, turning: Turning, turned: Turned, client: PeerAddress): Notice {
    const { scope, owner, name, most, isOfClient, happens } = turning
    const title = `${owner}: ${name}`
    const facts = { scope, limit: name, dryRun: turned === 'dry-run' ? true : undefined }
    const whose = isOfClient ? ` ${happens === 'applies' ? 'to' : 'by'} ${formatPeer(client)}` : ''
    const notice = { title, facts, clients: 0, isQuiet: false }
    this.#active.set(key, notice)
    this.#timer ??= setInterval(() => this.#look(), QUIET_MS).unref()
    this.#log.warn({ ...facts, most }, `${title} ${happens}${whose}: ${CONSEQUENCES[turned]}`)
    return notice
  }

  #look(): void {
    for (const [key, notice] of this.#active) {
      if (notice.isQuiet) {
        this.#active.delete(key)
        const { facts, title, clients } = notice
        this.#log.info({ ...facts, clients }, `${title} lets everybody in again`)
      }
      notice.isQuiet = true
    }
    if (this.#active.size === 0) this.stop()
  }
}

const CONSEQUENCES: Readonly<Record<Turned, string>> = {
  refused: 'clients are refused',
  waits: 'clients wait',
  'dry-run': 'clients would be refused without dryRun',
}
