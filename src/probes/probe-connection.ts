/**
 * One connection with one conversation on it, from the connect to the close. It tells its outcome once, never before the
 * constructor has returned, and not at all after `cancel`. It has one deadline, and leaves no socket and no timer behind.
 */
import type { Socket } from 'node:net'
import type { ResolvedAddress } from '../address.js'
import type { Dial } from '../io/engine.js'
import type { DialSetup } from '../io/socket-options.js'
import type { Handshake } from '../tls/handshake.js'
import type { ProbeReason, Probing } from './check.js'
import { closeInOrder } from './close-in-order.js'
import { connect } from './connect.js'
import type { Conversation } from './conversation.js'
import { type Conversing, converse } from './converse.js'
import { type Deadline, startDeadline } from './deadline.js'
import { connectReason } from './errno.js'
import { askForTls } from './postgres-tls.js'
import { printable } from './printable.js'

export interface ProbePlan<Found> {
  readonly address: ResolvedAddress
  readonly setup?: DialSetup | undefined
  readonly timeoutMs: number
  /** Sent before everything else. */
  readonly header?: Buffer | undefined
  readonly tls?: TlsPlan | undefined
  readonly conversation: Conversation<Found>
}

export interface TlsPlan {
  /** How the backend is asked for TLS before it begins. */
  readonly startTls: 'postgres' | undefined
  /** Throws if a file cannot be read. */
  begin(raw: Socket): Handshake
}

export type Outcome<Found> =
  | { readonly kind: 'found'; readonly found: Found }
  | { readonly kind: 'failed'; readonly reason: ProbeReason; readonly detail: string | undefined }

const TIMEOUTS = { 4: 'L4TOUT', 6: 'L6TOUT', 7: 'L7TOUT' } as const
/** In TLS 1.3 a server may refuse our certificate after the handshake. */
const TLS_ERROR = /^ERR_SSL_/

export class ProbeConnection<Found> implements Probing {
  readonly #plan: ProbePlan<Found>
  readonly #deadline: Deadline
  /** Undefined as soon as the outcome is known, or nobody wants to know it. */
  #done: ((outcome: Outcome<Found>) => void) | undefined
  #layer: keyof typeof TIMEOUTS = 4
  readonly #connect: Dial
  /** The innermost stream: TLS, once its handshake is done. Undefined before the connect. */
  #stream: Socket | undefined
  #handshake: Handshake | undefined
  #conversing: Conversing | undefined

  constructor(plan: ProbePlan<Found>, done: (outcome: Outcome<Found>) => void) {
    this.#plan = plan
    this.#done = done
    this.#deadline = startDeadline(plan.timeoutMs, () => this.#expire())
    this.#connect = connect(plan.address, plan.setup, {
      connected: (stream) => this.#connected(stream),
      failed: (errno) => this.#fail(connectReason(errno), errno),
    })
  }

  cancel(): void {
    this.#settle()
    this.#destroy()
  }

  #watch(stream: Socket): void {
    // A socket without a listener for errors would end the process, so this one always stays.
    stream.on('error', ({ code, message }: NodeJS.ErrnoException) => this.#broken(stream, code ?? message))
    stream.once('end', () => this.#closed(stream))
    stream.once('close', () => this.#closed(stream))
  }

  #connected(stream: Socket): void {
    const { header, tls } = this.#plan
    this.#stream = stream
    this.#watch(stream)
    if (header !== undefined) stream.write(header)
    if (tls === undefined) this.#converse()
    else this.#beginTls(tls)
  }

  #beginTls(tls: TlsPlan): void {
    this.#layer = 6
    if (tls.startTls === undefined) this.#secure(tls)
    else
      this.#run(askForTls(), (wrong) => {
        if (wrong === undefined) this.#secure(tls)
        else this.#fail('L6RSP', wrong)
      })
  }

  #secure(tls: TlsPlan): void {
    this.#conversing = undefined
    try {
      this.#handshake = tls.begin(this.#stream!)
      this.#handshake.done.then(
        ({ stream }) => this.#secured(stream),
        ({ message }: Error) => this.#fail('L6RSP', message),
      )
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.#fail('SOCKERR', code ?? message)
    }
  }

  #secured(stream: Socket): void {
    if (this.#done === undefined) return
    this.#stream = stream
    this.#watch(stream)
    if (stream.destroyed) this.#fail('L6RSP', 'closed by the backend')
    else this.#converse()
  }

  #converse(): void {
    this.#layer = 7
    this.#run(this.#plan.conversation, (found) => this.#found(found))
  }

  #run<Said>(conversation: Conversation<Said>, over: (said: Said) => void): void {
    const flooded = (): void =>
      this.#fail(this.#layer === 6 ? 'L6RSP' : 'L7RSP', this.#explain('too many bytes'))
    this.#conversing = converse(this.#stream!, conversation, { over, flooded })
  }

  #found(found: Found): void {
    const done = this.#settle()
    const stream = this.#stream!
    if (this.#mayReset(stream)) stream.resetAndDestroy()
    else closeInOrder(stream)
    done?.({ kind: 'found', found })
  }

  /** Many backends never see a connection that is reset before they accept it. HAProxy closes like this, too. */
  #mayReset({ bytesRead, bytesWritten }: Socket): boolean {
    const { address, tls } = this.#plan
    const isSilent = bytesRead === 0 && bytesWritten === 0
    return isSilent && address.kind === 'tcp' && tls === undefined
  }

  #expire(): void {
    this.#fail(TIMEOUTS[this.#layer], this.#explain())
  }

  #broken(stream: Socket, errno: string): void {
    if (stream !== this.#stream) return
    this.#fail(this.#layer === 6 || TLS_ERROR.test(errno) ? 'L6RSP' : 'L7RSP', errno)
  }

  #closed(stream: Socket): void {
    if (stream !== this.#stream) return
    this.#fail(this.#layer === 6 ? 'L6RSP' : 'L7RSP', this.#explain('closed by the backend'))
  }

  #explain(...what: string[]): string | undefined {
    const words = [...what, ...(this.#conversing === undefined ? [] : [this.#conversing.explain()])]
    return words.length === 0 ? undefined : words.join(': ')
  }

  #fail(reason: ProbeReason, detail: string | undefined): void {
    if (this.#done === undefined) return
    const done = this.#settle()
    this.#destroy()
    done?.({ kind: 'failed', reason, detail: detail === undefined ? undefined : printable(detail) })
  }

  #settle(): ((outcome: Outcome<Found>) => void) | undefined {
    const done = this.#done
    this.#done = undefined
    this.#deadline.clear()
    this.#conversing?.stop()
    return done
  }

  #destroy(): void {
    this.#connect.cancel()
    this.#handshake?.cancel()
    this.#stream?.destroy()
  }
}
