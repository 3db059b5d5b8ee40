/**
 * The far end of a connection, a client or a backend: it says a stream that tells where each byte belongs, and takes what
 * the other end of its story says, byte by byte. It does what the schedule says and nothing else.
 */
import { difference, pattern } from '../../support/bytes.js'
import type { FarEnd } from '../kernel/machine.js'
import type { Random } from '../random.js'
import { Violation } from './violation.js'

/** Every stream tells whose it is: behind what the proxy reads itself, or, of a TLS client, inside of that. */
export const NAME_BYTES = 8

/** How it says what it begins with. */
export interface Beginning {
  /** The part that it keeps back until it is told to say something: 1 is all of it. */
  readonly keptBack: number
  /** At most so many at a time. */
  readonly pieceBytes: number
}

export const AT_ONCE: Beginning = { keptBack: 0, pieceBytes: Number.MAX_SAFE_INTEGER }

export abstract class Peer {
  readonly name: string
  readonly seed: number
  /** What comes before the pattern: of a stream that is passed on, from the byte `passedFrom` on. */
  lead: Buffer
  passedFrom: number
  readonly #pieceBytes: number
  isPaused = false
  hasEnded = false
  hasReset = false
  hasClosed = false
  hasSaidUrgent = false
  sawEnd = false
  sawReset = false
  /** It was told of an end before the other side had ended, or before all its bytes had come. */
  sawEarlyEnd = false
  /** Of the other side's stream, bytes of which it is known that they are right. */
  heard = 0
  /** Bytes it was sent before that stream began. */
  preambleBytes = 0
  protected readonly far: FarEnd
  /** The other end of this story, once it has said who it is. */
  other: Peer | undefined
  /** What came before it was known whose it is; undefined once that is known. */
  #unknown: Buffer | undefined = Buffer.alloc(0)
  /** To be said, and said already. */
  #wanted: number
  #said = 0
  /** Of what it begins with, bytes that it keeps back until it is told to say something. */
  #keptBack: number
  #wantsEnd = false

  constructor(
    name: string,
    seed: number,
    far: FarEnd,
    lead: Buffer,
    passedFrom: number,
    { keptBack, pieceBytes }: Beginning = AT_ONCE,
  ) {
    this.name = name
    this.seed = seed
    this.far = far
    this.lead = lead
    this.passedFrom = passedFrom
    this.#pieceBytes = pieceBytes
    this.#keptBack = Math.ceil(lead.length * keptBack)
    this.#wanted = lead.length - this.#keptBack
    far.inbound.receiver = {
      came: () => {},
      ended: () => this.#ended(),
      wasReset: () => this.#wasReset(),
    }
  }

  get isUnix(): boolean {
    return this.far.hangUp !== undefined
  }

  /** Bytes the proxy has sent it. */
  get sentToIt(): number {
    return this.far.inbound.sent
  }

  /** Of its stream, bytes that the other side is to hear, as far as it wants to say them. */
  get toBeHeard(): number {
    return Math.max(0, this.#wanted - this.passedFrom)
  }

  /** Whether it has not said all that it begins with, and will not by itself. */
  get isKeepingBack(): boolean {
    return this.#keptBack > 0
  }

  /** Whether it knows who it hears. */
  get isAcquainted(): boolean {
    return this.#unknown === undefined
  }

  get isLeadArrived(): boolean {
    return this.far.outbound.arrived >= this.lead.length
  }

  /** Whether it neither broke the connection nor saw it broken. */
  get isWhole(): boolean {
    return !this.hasReset && !this.sawReset && !this.hasClosed
  }

  /** It says this first: before, it had nothing to say, or less. Whoever has ended says no more. */
  protected begin(lead: Buffer, passedFrom: number): void {
    if (this.#wantsEnd) return
    this.lead = lead
    this.passedFrom = passedFrom
    this.#wanted = lead.length
  }

  /** Whether the other side is to be told of its end. */
  get isEndPassedOn(): boolean {
    return true
  }

  /** Whether it may say more than it begins with. */
  protected get maySay(): boolean {
    return true
  }

  say(bytes: number): void {
    if (!this.isWhole || this.#wantsEnd) return
    if (!this.maySay) {
      this.#wanted += this.#keptBack
      this.#keptBack = 0
      return
    }
    this.#wanted += bytes + this.#keptBack
    this.#keptBack = 0
  }

  sayUrgent(): void {
    if (!this.isWhole || this.#wantsEnd || this.#said < this.#wanted) return
    this.hasSaidUrgent = true
    this.far.outbound.sendUrgent()
  }

  end(): void {
    this.#wantsEnd = true
  }

  reset(random: Random): void {
    if (!this.isWhole) return
    if (this.far.hangUp !== undefined) {
      this.#hangUp(this.far.hangUp)
      return
    }
    this.hasReset = true
    this.#leave(random.size(65_536))
  }

  /** close(2): FIN, and a reset for whatever was not read or is still to come. */
  close(random: Random): void {
    if (!this.isWhole) return
    this.hasClosed = true
    if (this.far.hangUp !== undefined) {
      this.#hangUp(this.far.hangUp)
      return
    }
    const { inbound, outbound } = this.far
    const isUnread = inbound.readable > 0
    if (isUnread || this.#said < this.#wanted) this.#leave(random.size(65_536))
    else {
      outbound.end()
      this.hasEnded = true
      const answer = (): void => this.#leave(0)
      inbound.receiver = { came: answer, ended: () => {}, wasReset: () => outbound.forget() }
    }
  }

  /** Says and takes what can be. Whether anything was. */
  pump(most: number): boolean {
    if (!this.isWhole) return false
    const hasSaid = this.#pumpOut(most)
    const bytes = this.isPaused ? undefined : this.far.inbound.receive(most)
    if (bytes === undefined || bytes.length === 0) return hasSaid
    this.#take(bytes)
    return true
  }

  /** `count` bytes of its stream, from the byte `from` on. */
  stream(from: number, count: number): Buffer {
    if (from >= this.lead.length) return pattern(this.seed, count, from - this.lead.length)
    const lead = this.lead.subarray(from, from + count)
    return Buffer.concat([lead, pattern(this.seed, count - lead.length)])
  }

  /** Who says these first bytes, and where in `bytes` their stream begins; undefined where that is not to be seen yet. */
  protected abstract recognise(bytes: Buffer): { peer: Peer; at: number } | undefined

  #pumpOut(most: number): boolean {
    const piece = this.#said < this.lead.length ? this.#pieceBytes : most
    const count = Math.min(most, piece, this.#wanted - this.#said, this.far.outbound.room)
    if (count > 0) {
      this.far.outbound.send(this.stream(this.#said, count))
      this.#said += count
    }
    if (!this.#wantsEnd || this.hasEnded || this.#said < this.#wanted) return count > 0
    this.hasEnded = true
    this.far.outbound.end()
    return true
  }

  #take(bytes: Buffer): void {
    if (this.#unknown === undefined) {
      this.#check(this.other!, bytes)
      return
    }
    const came = Buffer.concat([this.#unknown, bytes])
    this.#unknown = came
    const found = this.recognise(came)
    if (found === undefined) return
    this.#unknown = undefined
    this.#meet(found.peer)
    this.preambleBytes = found.at
    this.#check(found.peer, came.subarray(found.at))
  }

  #meet(peer: Peer): void {
    if (peer.other !== undefined && peer.other !== this) {
      throw new Violation(
        'bytes of another connection',
        `${this.name} hears ${peer.name}, who is ${peer.other.name}'s`,
      )
    }
    this.other = peer
    peer.other = this
  }

  #check(peer: Peer, bytes: Buffer): void {
    const from = peer.passedFrom + this.heard
    const wrong =
      this.heard + bytes.length > peer.toBeHeard
        ? `${this.heard + bytes.length} bytes of ${peer.toBeHeard}`
        : difference(bytes, peer.stream(from, bytes.length))
    if (wrong !== undefined) {
      throw new Violation(
        'every byte once and in order',
        `${this.name} hears ${peer.name} from ${this.heard} on: ${wrong}`,
      )
    }
    this.heard += bytes.length
  }

  /** Whether there was a reason, the record tells. */
  #ended(): void {
    this.sawEnd = true
    const unread = this.far.inbound.look(Number.MAX_SAFE_INTEGER)
    const came = Buffer.concat([this.#unknown ?? Buffer.alloc(0), unread])
    const found = this.#unknown === undefined ? { peer: this.other!, at: 0 } : this.recognise(came)
    if (found === undefined) return
    const heard = this.heard + came.length - found.at
    this.sawEarlyEnd = !found.peer.hasEnded || heard < found.peer.toBeHeard
  }

  #wasReset(): void {
    this.sawReset = true
    this.far.outbound.forget()
  }

  /** A unix socket has no other way to leave. */
  #hangUp(hangUp: (hasUnread: boolean) => void): void {
    const hasUnread = this.far.inbound.readable > 0
    this.hasClosed = true
    this.#wanted = this.#said
    if (hasUnread) this.hasReset = true
    else this.hasEnded = true
    hangUp(hasUnread)
  }

  #leave(kept: number): void {
    this.hasReset = true
    this.far.outbound.reset(kept)
    this.far.inbound.forget()
  }
}
