/**
 * Connections of a cluster to backends that are in no config. Thousands of them may come and go, so a backend is known only while
 * it has connections or attempts: nothing of it stays behind.
 */
import { type Address, formatAddress } from '../address.js'
import { scopeOfBackend } from '../limits/scope.js'
import { type ForwardProxyOptions, nameOfForwardProxy } from '../via/forward-proxy.js'
import { Backend } from './backend.js'
import type { DecidedBackend, Dialling, DialRequest, DialResult } from './dial.js'
import type { Dialer } from './dialer.js'
import { EgressAttempt } from './egress-attempt.js'
import type { AllowedServer, EgressHost } from './egress-host.js'
import { Health, NOTHING_JUDGED } from './health/health.js'
import type { QueueHost, QueuePosition } from './queue/cluster-queue.js'
import { Places } from './queue/places.js'
import type { Via } from './via.js'

/** What it needs from its cluster. */
export interface DecidedOwner
  extends Omit<EgressHost, 'engine' | 'leavesNames'>,
    Pick<QueueHost, 'name' | 'counts'> {
  readonly engine: Pick<Via, 'dialer' | 'name' | 'through'>
}

interface Known {
  readonly key: string
  readonly backend: Backend
  /** Attempts that are not over. */
  attempts: number
}

export class Decided {
  readonly #owner: DecidedOwner
  /** By where they are, see `keyOf`. */
  readonly #known = new Map<string, Known>()

  constructor(owner: DecidedOwner) {
    this.#owner = owner
  }

  /** How many backends are known. */
  get size(): number {
    return this.#known.size
  }

  /** `position`: where the client stood in the queue until now. */
  dial(
    decided: DecidedBackend,
    request: DialRequest,
    done: (result: DialResult) => void,
    position?: QueuePosition,
  ): Dialling {
    const known = this.#find(decided)
    const host = { ...this.#owner, ...this.#wayTo(decided) }
    const attempt = new DecidedAttempt(host, request, done, this.#begin(known))
    attempt.start(serverOf(decided, known.backend), position)
    return attempt
  }

  /** Returns what to call at the end of the attempt. */
  #begin(known: Known): () => void {
    known.attempts++
    return () => {
      known.attempts--
      this.#forget(known)
    }
  }

  #find({ address, via }: DecidedBackend): Known {
    const key = keyOf(address, via, this.#owner.engine.name)
    const known = this.#known.get(key) ?? { key, backend: this.#create(address, key), attempts: 0 }
    this.#known.set(key, known)
    return known
  }

  #create(address: Address, key: string): Backend {
    const { name: cluster, counts } = this.#owner
    return new Backend(address, 1, new Health(NOTHING_JUDGED), {
      released: () => this.#forget(this.#known.get(key)),
      createPlaces: (_, part) => new Places(counts, scopeOfBackend(cluster, key), part),
    })
  }

  #forget(known: Known | undefined): void {
    if (known === undefined) return
    const { key, backend, attempts } = known
    if (attempts + backend.active + backend.dialling === 0) this.#known.delete(key)
  }

  #wayTo({ via }: DecidedBackend): { readonly engine: Dialer; readonly leavesNames: boolean } {
    const { engine, names } = this.#owner
    if (via === undefined) return { engine: engine.dialer, leavesNames: engine.name !== undefined }
    const proxy = engine.through(via)
    const { hostName: name } = proxy
    // Its dials wait for the answer, or until their time is over.
    if (name !== undefined)
      names.read({ kind: 'host', name }, (reading) =>
        proxy.resolved(reading.kind === 'places' ? reading.places.map(({ ip }) => ip) : []),
      )
    return { engine: proxy, leavesNames: true }
  }
}

class DecidedAttempt extends EgressAttempt {
  #over: (() => void) | undefined

  constructor(host: EgressHost, request: DialRequest, done: (result: DialResult) => void, over: () => void) {
    super(host, request, (result) => {
      this.#end()
      done(result)
    })
    this.#over = over
  }

  override cancel(): void {
    super.cancel()
    this.#end()
  }

  #end(): void {
    const over = this.#over
    this.#over = undefined
    over?.()
  }
}

/** The same address behind another forward proxy is another server. `own`: the forward proxy of the cluster. Without passwords. */
function keyOf(address: Address, via: ForwardProxyOptions | undefined, own: string | undefined): string {
  const way = via === undefined ? [own] : [nameOfForwardProxy(via), via.credentials?.user]
  return [formatAddress(address), ...way.filter((part) => part !== undefined)].join(' ')
}

function serverOf({ address, maxConnections }: DecidedBackend, backend: Backend): AllowedServer {
  const { all } = backend.endpoints
  const { host, port } = address.kind === 'tcp' ? address : { host: '', port: 0 }
  const places = all.length === 0 ? {} : { places: all }
  const server = { host, port, isAddress: false, question: host, addresses: undefined }
  return { ...server, backend, maxConnections, ...places }
}
