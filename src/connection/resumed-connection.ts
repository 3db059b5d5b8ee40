/** A connection that another process has begun, and that goes on here. It has a pipe from its first moment. */
import { type Address, parseAddress } from '../address.js'
import type { Backend } from '../cluster/backend.js'
import type { KernelLoop } from '../io/kernel/kernel-loop.js'
import { adoptSockets, type ReceivedPipe, restorePipe } from '../pipe/fd/received-pipe.js'
import { sessionOf } from '../postgres/sessions.js'
import { Connection } from './connection.js'
import type { ConnectionHost } from './connection-host.js'
import type { Settled } from './connection-view.js'
import { withOwnTimeouts } from './destinations.js'
import type { FrozenConnection } from './frozen-connection.js'
import type { Destination, Service } from './service.js'

/** What a connection of another process is here: everything that it names exists. */
export interface Resumable {
  readonly frozen: FrozenConnection
  readonly service: Service
  readonly destination: Destination
  readonly backend: Backend
  readonly reached: Address | string
}

/** Undefined: something that it names does not exist here. */
export function resumable(frozen: FrozenConnection, services: Iterable<Service>): Resumable | undefined {
  for (const service of services) {
    if (service.name !== frozen.listener) continue
    const destination = service.destinations.get(frozen.cluster)
    const backend = destination?.cluster.backend(frozen.backend)
    const reached = frozen.via ? frozen.reached : parseAddress(frozen.reached)
    if (destination === undefined || backend === undefined) return undefined
    if (typeof reached === 'string' && !frozen.via) return undefined
    const own = withOwnTimeouts(destination, frozen.decision?.timeouts)
    return { frozen, service, destination: own, backend, reached }
  }
  return undefined
}

function addressOf(text: string | undefined): Address | undefined {
  const address = text === undefined ? undefined : parseAddress(text)
  return typeof address === 'string' ? undefined : address
}

export class ResumedConnection extends Connection {
  readonly #settled: Settled | undefined

  /** Its sockets belong to this process. Call `start` of its pipe next. */
  constructor(
    host: ConnectionHost,
    { frozen, service, destination, backend, reached }: Resumable,
    loop: KernelLoop,
    received: ReceivedPipe,
  ) {
    const sockets = adoptSockets(loop, received)
    super(host, service, sockets[0], addressOf(frozen.from))
    this.#settled = settledOf(host, frozen, destination, backend, reached)
    this.backend = backend
    this.retries = frozen.retries
    this.reached = reached
    this.queuedMicros = frozen.queuedMicros
    this.connectMicros = frozen.connectMicros
    this.firstByteMicros = frozen.firstByteMicros
    this.askedBytes = frozen.askedBytes
    // Counted by the clock of the wall, which both processes share.
    this.acceptedAt = performance.now() - Math.max(0, Date.now() - frozen.acceptedAt)
    this.stage = restorePipe(sockets, received, destination.pipes, this)
    backend.resumed()
  }

  protected override get settled(): Settled | undefined {
    return this.#settled
  }
}

function settledOf(
  host: ConnectionHost,
  frozen: FrozenConnection,
  destination: Destination,
  backend: Backend,
  at: Address | string,
): Settled {
  const { id, cluster, decision, waitMicros, learnt, before, named } = frozen
  const session = frozen.session && sessionOf(frozen.listener, frozen.session)
  const place = { cluster, backend: backend.name, address: frozen.reached }
  const open = typeof at === 'string' ? undefined : { place, at: { backend, address: at }, destination }
  if (session !== undefined && open !== undefined) host.sessions.begin(session, open)
  return {
    id,
    cluster,
    decision,
    at: undefined,
    namedClient: addressOf(named),
    waitMicros,
    session: frozen.session,
    roundTrips: undefined,
    moved: before,
    facts: () => learnt ?? { protocol: 'TCP' },
    close: () => {
      if (session !== undefined && open !== undefined) host.sessions.end(session, open)
    },
  }
}
