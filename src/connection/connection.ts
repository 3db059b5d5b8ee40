/**
 * One connection, from accept to record. Read this file first:
 *
 *   accept → opening (who is it, what does it want) → dial (which backend) → preamble (what the backend is told)
 *          → exchange (an HTTP head and its answer) → pipe (the bytes) → record (what happened)
 *
 * Most connections need neither opening nor preamble nor exchange. Then millrace reads nothing from the client before it has a
 * backend. The first bytes wait in the kernel, so trying another backend loses nothing. A connection decides, and the pipe
 * moves bytes. What is in progress is the connection's stage. A connection lives as long as its client stays. So what is needed
 * only before the pipe belongs to the stages before. Its methods are `private` and not `#`, because V8 would give the object
 * another field for `#`. What a connection tells about itself is in connection-view.ts.
 */
import type { Address, PeerAddress } from '../address.js'
import type { Backend } from '../cluster/backend.js'
import { type Dialled, type DialResult, type Entry, REFUSED } from '../cluster/dial.js'
import type { Explanation } from '../cluster/explanation.js'
import { DialogueOver } from '../io/dialogue.js'
import type { Socket } from '../io/socket.js'
import type { Expirable } from '../io/sweep.js'
import type { Claim } from '../limits/claim.js'
import type { OpeningCause } from '../observe/endings.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { OrderedCause, PipeEnding, PipeHost, PipeOwner } from '../pipe/options.js'
import { Pipe } from '../pipe/pipe.js'
import { watchLasting } from './backend/lasting.js'
import type { ConnectionHost } from './connection-host.js'
import { ConnectionView, type Settled, type Stage } from './connection-view.js'
import type { Ends } from './ends.js'
import { FrozenStage } from './frozen-stage.js'
import { Negotiation, type NegotiationOwner } from './negotiation.js'
import { countedClient } from './opening/admit.js'
import type { KnownClient } from './opening/known-client.js'
import { PendingClient, type PendingClientOwner } from './pending-client.js'
import { Refusal, statusOf, whyNoBackend } from './refusal.js'
import { RefusedClient } from './refused-client.js'
import type { Destination, Service } from './service.js'
import { type TellOrder, tellNo, tellOrderOf, untouched } from './tell-no.js'

export class Connection
  extends ConnectionView
  implements Expirable, NegotiationOwner, PendingClientOwner, PipeOwner
{
  sweepIndex = -1
  readonly service: Service
  backend: Backend | undefined = undefined
  retries = 0
  queuedMicros: number | undefined = undefined
  /** Its places in limits. Undefined: it holds none. */
  claim: Claim | undefined = undefined
  connectMicros: number | undefined = undefined
  firstByteMicros: number | undefined = undefined
  askedBytes: number | undefined = undefined
  protected readonly from: PeerAddress
  protected acceptedAt = performance.now()
  protected reached: Address | string | undefined = undefined
  protected negotiation: Negotiation | undefined = undefined
  protected stage: Stage
  /** Undefined once the host was told of the end. */
  #host: ConnectionHost | undefined

  constructor(host: ConnectionHost, service: Service, client: Socket, from: PeerAddress) {
    super()
    this.#host = host
    this.service = service
    this.from = from
    this.stage = new PendingClient(client, this)
  }

  /** Called once, when its client may go on. Nothing is done for the client before. */
  start(): void {
    const { service } = this
    const pending = this.stage as PendingClient
    if (service.policy === undefined) {
      this.dial(pending, service.destination!)
      return
    }
    const negotiation = new Negotiation(this.#host!, service, service.policy, pending.client, this)
    this.negotiation = negotiation
    this.stage = negotiation
    void this.open(negotiation, pending)
  }

  expire(now: number, sinceMs = 0): void {
    this.pipe?.expire(now)
    if (!this.isConnected) return
    const openMs = now - this.acceptedAt - this.dialledMicros! / 1000
    watchLasting(this, this.pipe?.backend ?? this.negotiation?.backend?.socket, openMs, sinceMs)
    this.#host?.lasts(this, openMs, sinceMs)
  }

  /** Ends the connection now: in order if nothing is in flight, else with a reset. `killed` and `isReset` always reset. */
  end(cause: OrderedCause, isReset?: boolean): void {
    const { stage } = this
    if (stage instanceof Pipe || stage instanceof FrozenStage) stage.end(cause, isReset)
    else stage.end(cause)
  }

  /** Its pipe stands still from here on. Undefined: it has none that can be moved now. Call `thaw` or `leave` next. */
  freeze(): FrozenStage | undefined {
    const { pipe } = this
    const standing = pipe?.freeze()
    if (standing === undefined) return undefined
    this.stage = new FrozenStage(pipe!, standing)
    return this.stage
  }

  /** Its pipe goes on here. */
  thaw(frozen: FrozenStage): void {
    this.stage = frozen.pipe
    frozen.thaw()
  }

  /** Another process goes on with it. No peer notices, and there is no record here. */
  leave(frozen: FrozenStage): void {
    this.close('give')?.left(this)
    frozen.leave()
  }

  /** How long one connect may take, in ms. Not to be read before its cluster is known. */
  get connectMs(): number {
    return this.knownClient?.connectMs ?? this.service.destination!.connectMs
  }

  /** Not to be read after the connection's end. */
  get explanation(): Explanation | undefined {
    return this.#host!.explanationOf(this)
  }

  /** What its opening has learnt of the client. Undefined without an opening, and after the hand-over. */
  get knownClient(): KnownClient | undefined {
    return this.negotiation?.knownClient
  }

  admit(client: Address): OpeningCause | undefined {
    return this.#host?.admitNamed(this, client)
  }

  /** Not to be called after the connection's end. */
  enter(): Entry {
    const { knownClient, destination } = this
    const counted = knownClient === undefined ? this.from : countedClient(knownClient)
    return this.#host!.enter(this, destination!, counted)
  }

  /** The client gets no backend: none is wanted any more, or the client may not have one. */
  gaveUp(ending: RecordEnding, queuedMs?: number): void {
    this.noteQueued(queuedMs)
    this.refuse(ending)
  }

  /** The backend's first byte may also be that of a response head, before there is a pipe. */
  backendAnswered(): void {
    if (this.firstByteMicros !== undefined) return
    this.firstByteMicros = Math.max(1, this.ageMicros - this.dialledMicros!)
    this.askedBytes = this.totals.receivedUp
    this.#host?.answered(this)
  }

  /** The pipe is over: it moved all bytes, or it broke. */
  pipeEnded({ by, cause, errno, waitedFor }: PipeEnding): void {
    this.finish({ by, phase: 'data', cause, errno, waitedFor })
  }

  private async open(negotiation: Negotiation, pending: PendingClient): Promise<void> {
    try {
      const destination = await negotiation.choose()
      negotiation.throwIfEnded()
      negotiation.phase = 'connect'
      negotiation.waitMicros = this.ageMicros
      negotiation.knownClient!.connectMs = destination.connectMs
      pending.client = negotiation.client
      this.stage = pending
      this.dial(pending, destination)
    } catch (error) {
      this.failed(error, negotiation)
    }
  }

  private dial(pending: PendingClient, destination: Destination): void {
    const { cluster } = destination
    const done = (result: DialResult): void => this.dialled(pending, result, destination)
    const at = this.negotiation?.at
    pending.attempt = at === undefined ? cluster.dial(pending, done) : cluster.dialAt(at, pending, done)
    pending.watch()
  }

  private dialled(pending: PendingClient, result: DialResult, destination: Destination): void {
    this.noteQueued(pending.attempt?.queuedMs)
    pending.attempt = undefined
    this.backend = result.backend
    this.retries = result.retries
    this.reached = result.via?.name ?? result.address
    if (result.socket === undefined) {
      const refusal = result.error === REFUSED ? this.claim?.refusal : undefined
      const wasQueued = result.backend === undefined && this.queuedMicros !== undefined
      this.refuse(whyNoBackend(result, destination.cluster.judge, wasQueued, refusal))
      return
    }
    this.connectMicros = this.ageMicros - this.waitMicros! - (this.queuedMicros ?? 0)
    this.#host?.connected(this)
    if (this.negotiation === undefined)
      this.join({ client: pending.client, backend: result.socket }, destination.pipes)
    else void this.agree(this.negotiation, result, destination)
  }

  private noteQueued(ms: number | undefined): void {
    if (ms !== undefined) this.queuedMicros = Math.round(ms * 1000)
  }

  private async agree(negotiation: Negotiation, dialled: Dialled, destination: Destination): Promise<void> {
    negotiation.phase = 'response'
    this.stage = negotiation
    try {
      const ends = await negotiation.agree(dialled, destination, () => this.backendAnswered())
      if (ends === undefined) {
        this.finish({ by: 'backend', phase: 'data', cause: 'finished' })
        return
      }
      this.join(ends, destination.pipes)
      if (negotiation.orderedEnd !== undefined) this.end(negotiation.orderedEnd)
    } catch (error) {
      this.failed(error, negotiation)
    }
  }

  private join({ client, backend, watch }: Ends, pipes: PipeHost): void {
    const pipe = new Pipe(client, backend, pipes, this)
    if (watch !== undefined) pipe.down.showTo(watch)
    this.stage = pipe
    this.#host?.joined(this, pipe)
    pipe.start()
  }

  /** A step before the pipe has thrown. */
  private failed(error: unknown, negotiation: Negotiation): void {
    if (error instanceof Refusal) {
      this.refuse(error.ending, error.status)
    } else if (error instanceof DialogueOver) {
      this.refuse(negotiation.endingOf(error))
    } else {
      const { phase } = negotiation
      const cause = phase === 'opening' ? 'route-failed' : 'internal-error'
      this.#host?.failed(this, cause, error)
      this.refuse({ by: 'proxy', phase, cause })
    }
  }

  /** If nobody speaks to the client, it gets a reset: a FIN would look like an empty answer. */
  private refuse(ending: RecordEnding, status = statusOf(ending)): void {
    const host = this.#host
    if (host === undefined) return
    const order = host.told.isFull ? undefined : tellOrderOf(ending, this, status)
    const { negotiation } = this
    if (negotiation !== undefined) {
      this.stage = negotiation
      void this.dismiss(host, ending, order, () => negotiation.dismiss(ending, status, order))
    } else if (order !== undefined) {
      const refused = new RefusedClient(this.stage.client, host.engine, ending.phase)
      this.stage = refused
      const state = untouched(this.service, this.from)
      void this.dismiss(host, ending, order, () => tellNo(refused.dialogue, order, state))
    } else {
      this.finish(ending)
      this.stage.client.reset()
    }
  }

  private async dismiss(
    host: ConnectionHost,
    ending: RecordEnding,
    order: TellOrder | undefined,
    tell: () => Promise<void>,
  ): Promise<void> {
    try {
      await (order === undefined ? tell() : host.told.during(tell))
    } catch (error) {
      host.failed(this, 'internal-error', error)
      this.stage.client.reset()
    }
    this.finish(ending)
  }

  protected get settled(): Settled | undefined {
    return this.negotiation
  }

  private finish(ending: RecordEnding): void {
    this.close()?.ended(this, ending)
  }

  /** Returns the host, which must be told. Undefined: it was told before. */
  private close(how: 'release' | 'give' = 'release'): ConnectionHost | undefined {
    const host = this.#host
    if (host === undefined) return undefined
    this.#host = undefined
    if (this.isConnected) this.backend?.[how]()
    this.settled?.close()
    return host
  }
}
