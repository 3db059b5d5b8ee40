/**
 * Why a backend was chosen for a connection, as plain data for its record. There is one only for connections whose record
 * tells that (`log.explain`). Its size has a bound, whatever the cluster has. Balancing and health know nothing of each
 * other. This file reads what both say about backends.
 */
import type { Backend } from './backend.js'
import { openOf } from './balance/balancer.js'
import type { PickNotes } from './balance/notes.js'

/** A longer record would have more than the 4096 bytes that a pipe takes in one piece. */
export const MOST_NAMED = 8

/** Connections and weight of a backend when it was compared. */
export interface Load {
  /** Connections in use, and connects in progress. */
  readonly open: number
  readonly weight: number
  /** What it has of its weight while it starts slowly. Undefined: all of it. */
  readonly share: number | undefined
}

export interface Drawn extends Load {
  readonly backend: string
}

export interface Skipped {
  readonly backend: string
  /** `failed`: tried for this connection. `full`: it has as many connections as it may have. `tier`: a backend of a smaller tier is available, or another tier serves. */
  readonly why:
    | 'failed'
    | 'drain'
    | 'maint'
    | 'weight'
    | 'unresolved'
    | 'down'
    | 'ejected'
    | 'flapping'
    | 'full'
    | 'tier'
    | 'not-allowed'
  /** The errno name of a connect that failed. */
  readonly errno: string | undefined
  /** As in the status. */
  readonly judgedBy: string | undefined
  readonly reason: string | undefined
  /** How long it is still skipped, in ms. */
  readonly restingMs: number | undefined
}

export interface Choice extends Partial<Load> {
  /** `balance` of the cluster. */
  readonly rule: string
  /** The tier of the chosen backend. Undefined: none was chosen. */
  readonly tier: number | undefined
  /** Backends of this tier that were available. 0: the chosen one was tried although it is skipped. */
  readonly candidates: number
  readonly hasKey: boolean | undefined
  readonly place: number | undefined
  readonly full: number | undefined
  readonly drawn: readonly Drawn[] | undefined
  /** At most MOST_NAMED of the backends that were not available. */
  readonly skipped: readonly Skipped[]
  /** How many were not available, named or not. */
  readonly skippedInAll: number
}

/** One pick, right after it was made. */
export interface Explained {
  readonly rule: string
  readonly backends: readonly Backend[]
  readonly picked: Backend | undefined
  readonly notes: PickNotes<Backend>
  readonly now: number
  isAvailable(backend: Backend): boolean
}

export class Explanation {
  /** The last pick. Undefined: nobody has looked for a backend. */
  choice: Choice | undefined
  readonly #failed = new Map<Backend, string>()

  /** A connect for this connection failed. */
  failed(backend: Backend, errno: string): void {
    this.#failed.set(backend, errno)
  }

  /** Call it before the connect to the picked backend begins, which counts as load. */
  picked({ rule, backends, picked, notes, now, isAvailable }: Explained): void {
    const skipped = new Skips()
    let candidates = 0
    for (const backend of backends) {
      const mayBePicked = isAvailable(backend)
      if (mayBePicked && backend.tier === picked?.tier) candidates += 1
      else if (backend !== picked) skipped.add(backend, mayBePicked)
    }
    this.choice = {
      rule,
      tier: picked?.tier,
      candidates,
      ...(picked && loadOf(picked)),
      hasKey: notes.hasKey,
      place: notes.place,
      full: notes.full,
      drawn: notes.drawn?.map((backend) => ({ backend: backend.name, ...loadOf(backend) })),
      skipped: skipped.named().map((each) => whySkipped(each, this.#failed.get(each), now)),
      skippedInAll: skipped.count,
    }
  }

  /**
   * A client asks for a server that `backend` allows, and `backend` already counts it. `addresses` of the server may be
   * dialled. `refused`: why others may not.
   */
  asked(backend: Backend, addresses: number, refused: readonly string[]): void {
    const skipped = refused
      .slice(0, MOST_NAMED)
      .map((reason) => skippedAs(backend, 'not-allowed', { reason }))
    this.choice = {
      rule: 'dial',
      tier: backend.tier,
      candidates: addresses,
      ...loadOf(backend),
      open: openOf(backend) - 1,
      hasKey: undefined,
      place: undefined,
      full: undefined,
      drawn: undefined,
      skipped,
      skippedInAll: refused.length,
    }
  }
}

/** Backends that were not available. Those that something is wrong with are named first. */
class Skips {
  count = 0
  readonly #faulty: Backend[] = []
  readonly #ofOtherTiers: Backend[] = []

  add(backend: Backend, isOfOtherTier: boolean): void {
    this.count += 1
    const list = isOfOtherTier ? this.#ofOtherTiers : this.#faulty
    if (list.length < MOST_NAMED) list.push(backend)
  }

  named(): readonly Backend[] {
    return [...this.#faulty, ...this.#ofOtherTiers].slice(0, MOST_NAMED)
  }
}

function loadOf(backend: Backend): Load {
  const { weight, share } = backend
  return { open: openOf(backend), weight, share: share === weight ? undefined : share }
}

function whySkipped(backend: Backend, errno: string | undefined, now: number): Skipped {
  const status = backend.status(now)
  const { setTo, agentSet, weight, state, isFlapping, judgedBy, reason } = status
  const restingMs = Math.ceil(status.restingMs)
  const skipped = (why: Skipped['why'], more?: Partial<Skipped>): Skipped => skippedAs(backend, why, more)
  if (errno !== undefined) return skipped('failed', { errno })
  if (setTo !== 'up') return skipped(setTo)
  if (agentSet === 'drain' || agentSet === 'maint') return skipped(agentSet, { judgedBy, reason })
  if (weight === 0) return skipped('weight', { judgedBy, reason })
  if (state === 'unresolved') return skipped('unresolved')
  if (isFlapping) return skipped('flapping', { judgedBy, reason, restingMs })
  if (restingMs > 0) return skipped('ejected', { judgedBy, reason, restingMs })
  if (state === 'down') return skipped('down', { judgedBy, reason })
  return skipped(backend.isFull ? 'full' : 'tier')
}

const skippedAs = (backend: Backend, why: Skipped['why'], more: Partial<Skipped> = {}): Skipped => ({
  backend: backend.name,
  why,
  errno: undefined,
  judgedBy: undefined,
  reason: undefined,
  restingMs: undefined,
  ...more,
})
