/**
 * One client's attempt to get one server: the one that it asks for, or that was decided on for it. It resolves the name once, leaves out the addresses that may not be
 * dialled, and tries the others in turn. It dials exactly the addresses that it has checked, so a second answer for the name
 * changes nothing. It owns the question or the connect in progress, its stay in the queue, and nothing once `done` was called.
 */
import { formatAddress, type ResolvedAddress } from '../address.js'
import { SHORTAGES } from '../errors.js'
import type { Socket } from '../io/socket.js'
import { sourceOf, USUAL_PREFIXES } from '../source.js'
import type { Waiting } from './attempt-host.js'
import { type Dialling, type DialRequest, type DialResult, LOOP, NOT_ALLOWED } from './dial.js'
import type { DialerOutcome, Through } from './dialer.js'
import { type Turn, turnsOf } from './egress/turns.js'
import type { AllowedServer, EgressHost } from './egress-host.js'
import type { Reading } from './names/provider.js'
import { QUEUE_FULL, type QueuePosition } from './queue/cluster-queue.js'
import { QueueStay } from './queue/queue-stay.js'
import type { Waiter } from './queue/waiter.js'
import { race } from './race.js'

const SHORTAGE_PAUSE_MS = 50

export class EgressAttempt implements Dialling, Waiting, Waiter {
  readonly wants = undefined
  readonly isChoosy = false
  readonly connectMs: number
  readonly #host: EgressHost
  readonly #request: DialRequest
  readonly #stay: QueueStay
  #done: ((result: DialResult) => void) | undefined
  #server: AllowedServer | undefined
  /** The server of a client that waits for the release of its cluster. */
  #heldServer: AllowedServer | undefined
  /** Whether its backend counts it among the connects in progress. */
  #isDialling = false
  /** The question or the connect in progress. */
  #waitsFor: Dialling | undefined
  #timer: NodeJS.Timeout | undefined
  /** Addresses that were checked and not tried yet. */
  #turns: readonly Turn[] = []
  #tries = 0
  #error = 'ENOTFOUND'
  /** Of the last dial. */
  #via: Through | undefined
  /** The end of its wait for file descriptors. Undefined: it has not waited. */
  #shortUntil: number | undefined

  constructor(host: EgressHost, request: DialRequest, done: (result: DialResult) => void) {
    this.#host = host
    this.#request = request
    this.#stay = new QueueStay(host)
    this.connectMs = request.connectMs
    this.#done = done
  }

  /** `server`: where to go, or why the client may not go there. `position`: where it stood in the queue until now. */
  start(server: AllowedServer | string, position?: QueuePosition): void {
    if (position !== undefined) this.#stay.takeOver(position)
    this.#stay.left()
    if (typeof server === 'string') this.#fail(NOT_ALLOWED, server)
    else this.#beginAt(server)
  }

  get queuedMs(): number | undefined {
    return this.#stay.queuedMs
  }

  get isQueued(): boolean {
    return this.#stay.isWaiting
  }

  get source(): string {
    return sourceOf(this.#request.clientAddress, USUAL_PREFIXES)
  }

  tryAgain(): boolean {
    this.#stay.left()
    this.#beginAt(this.#heldServer!)
    return true
  }

  cancel(): void {
    this.#done = undefined
    this.#stay.leave()
    this.#stopWaiting()
    this.#drop()
  }

  /** An operator may have taken the backend out. Nothing else that changes matters here. */
  resume(): void {
    if (this.#server?.backend.isEnabled === false && !this.#host.queue.isHeld) this.abandon('EHOSTDOWN')
  }

  /** Ends without a connection. */
  abandon(error: string, notAllowed?: string): void {
    this.#drop()
    this.#fail(error, notAllowed)
  }

  #beginAt(server: AllowedServer): void {
    this.#server = server
    if (this.#host.isStopped()) this.#fail('ECANCELED')
    else if (!server.backend.isEnabled) this.#fail('EHOSTDOWN')
    else {
      if (!this.#begin()) return
      if (server.places !== undefined) this.#dialAll(server.places)
      else if (server.isAddress) this.#resolved([server.host])
      else if (this.#host.leavesNames) this.#leave(server)
      else this.#resolve(server.question)
    }
  }

  /** An operator holds the cluster since this attempt began. At the release it begins anew, and resolves the name again. */
  #waitForRelease(): void {
    this.#drop()
    this.#heldServer = this.#server
    this.#server = undefined
    this.#error = 'ENOTFOUND'
    this.#shortUntil = undefined
    if (this.#stay.join(this)) this.#request.queued?.()
    else this.abandon(QUEUE_FULL)
  }

  /** The forward proxy gets the name as it is. */
  #leave({ host, port }: AllowedServer): void {
    this.#turns = [[{ kind: 'tcp', host, port }]]
    this.#next()
  }

  #resolve(name: string): void {
    const { connectMs } = this.#request
    this.#host.waiting.add(this)
    this.#waitsFor = this.#host.names.read({ kind: 'host', name }, (reading) => {
      this.#stopWaiting()
      if (reading.kind === 'places') this.#resolved(reading.places.map(({ ip }) => ip))
      else this.abandon(errnoOf(reading))
    })
    if (connectMs > 0) this.#timer = setTimeout(() => this.abandon('ETIMEDOUT'), connectMs).unref()
  }

  /** A name may have addresses of both kinds: those that may not be dialled are left out. */
  #resolved(ips: readonly string[]): void {
    const { addresses, port, backend } = this.#server!
    const refused: string[] = []
    const allowed = ips.filter((ip) => {
      const why = addresses?.whyNot(ip, port)
      if (why !== undefined) refused.push(why)
      return why === undefined
    })
    this.#request.explanation?.asked(backend, allowed.length, refused)
    if (allowed.length > 0) this.#dialAll(allowed.map((host) => ({ kind: 'tcp', host, port })))
    else if (refused.length > 0) this.abandon(NOT_ALLOWED, refused[0])
    else this.abandon('ENOTFOUND')
  }

  #dialAll(places: readonly ResolvedAddress[]): void {
    this.#turns = turnsOf(places)
    this.#next()
  }

  #next(): void {
    const [turn, ...others] = this.#turns
    this.#turns = others
    if (this.#host.queue.isHeld) this.#waitForRelease()
    else if (turn === undefined || this.#host.isStopped()) this.abandon(this.#error)
    else {
      this.#tries += 1
      this.#connect(turn)
    }
  }

  #connect(turn: Turn): void {
    const [first, second] = turn
    const { engine } = this.#host
    const client = this.#request
    const { connectMs } = client
    const settled = (address: ResolvedAddress, outcome: DialerOutcome): void => {
      this.#waitsFor = undefined
      this.#via = outcome.via
      if (outcome.socket === undefined) this.#failed(turn, address, outcome.errno)
      else this.#connected(address, outcome.socket)
    }
    this.#waitsFor =
      second === undefined
        ? engine.dial(first, connectMs, (outcome) => settled(first, outcome), client)
        : race(engine, [first, second], connectMs, (outcome) => settled(outcome.address, outcome), client)
  }

  #connected(address: ResolvedAddress, socket: Socket): void {
    const { backend, host, port } = this.#server!
    if (this.#host.queue.isHeld) {
      // A drain of this hold knows only connections that were there when it began.
      socket.reset()
      this.#waitForRelease()
      return
    }
    if (!backend.isEnabled) {
      // It was taken out while the connect was in progress.
      socket.reset()
      this.abandon('EHOSTDOWN')
      return
    }
    this.#isDialling = false
    backend.dialSucceeded(this.#host.now())
    const isNamed = address.kind === 'tcp' || host !== ''
    const server = isNamed ? { name: formatAddress({ kind: 'tcp', host, port }), host } : undefined
    this.#finish({ socket, backend, address, server, retries: this.#tries - 1, via: this.#via })
  }

  #failed(turn: Turn, address: ResolvedAddress, errno: string): void {
    const { backend } = this.#server!
    this.#error = errno
    if (SHORTAGES.has(errno)) {
      this.#pause(turn, errno)
      return
    }
    this.#isDialling = false
    // The only address is a name that only the forward proxy can try. Another listener may lead to a backend that this one may not.
    if (this.#via?.failure !== undefined || errno === LOOP) backend.dialDropped()
    else backend.dialFailed(address, errno, this.#host.now())
    if (this.#begin()) this.#next()
  }

  /** File descriptors may come back soon. */
  #pause(turn: Turn, errno: string): void {
    const { connectMs } = this.#request
    const now = this.#host.now()
    this.#shortUntil ??= connectMs > 0 ? now + connectMs : Number.POSITIVE_INFINITY
    if (now >= this.#shortUntil || this.#host.isStopped()) {
      this.abandon(errno)
      return
    }
    this.#host.waiting.add(this)
    const goOn = (): void => {
      this.#stopWaiting()
      if (this.#host.queue.isHeld) this.#waitForRelease()
      else this.#connect(turn)
    }
    this.#timer = setTimeout(goOn, SHORTAGE_PAUSE_MS).unref()
  }

  /** False: the backend has as many connections as it may have, and the attempt is over. */
  #begin(): boolean {
    const { backend, maxConnections } = this.#server!
    this.#isDialling = backend.begin(maxConnections)
    if (!this.#isDialling) this.#fail(QUEUE_FULL)
    return this.#isDialling
  }

  #drop(): void {
    if (!this.#isDialling) return
    this.#isDialling = false
    this.#server!.backend.dialDropped()
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer)
    this.#host.waiting.delete(this)
    this.#waitsFor?.cancel()
    this.#waitsFor = undefined
  }

  #fail(error: string, notAllowed?: string): void {
    this.#stopWaiting()
    this.#stay.left()
    const result = {
      error,
      notAllowed,
      backend: this.#server?.backend,
      retries: Math.max(0, this.#tries - 1),
      via: this.#via,
    }
    // Not at once, because `dial` may not have returned yet.
    queueMicrotask(() => this.#finish(result))
  }

  #finish(result: DialResult): void {
    const done = this.#done
    this.#done = undefined
    done?.(result)
  }
}

/** As getaddrinfo(3) says it: there is no such name, or nobody could say at the moment. */
const errnoOf = ({ kind }: Reading): string => (kind === 'empty' ? 'ENOTFOUND' : 'EAI_AGAIN')
