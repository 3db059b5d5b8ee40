/**
 * The far end of a connection: a client or a backend. It says a stream in which each byte shows its place, and checks the
 * stream of its other end byte by byte. It does only what the schedule says.
 */
import { difference, pattern } from '../../support/bytes.js'
import type { FarEnd } from '../kernel/machine.js'
import type { Random } from '../random.js'
import { Violation } from './violation.js'

/** Every stream contains its owner's name: behind what the proxy reads itself, or inside the ClientHello. */
export const NAME_BYTES = 8

/** How a peer says its first bytes. */
export interface Beginning {
  /** The part of the first bytes that the peer keeps back until it is told to say something. 1 means all. */
  readonly keptBack: number
  /** The most bytes that the peer says at a time. */
  readonly pieceBytes: number
}

export const AT_ONCE: Beginning = { keptBack: 0, pieceBytes: Number.MAX_SAFE_INTEGER }

export abstract class Peer {
  readonly name: string
  readonly seed: number
  /** What the peer says before its pattern. The proxy passes it on from the byte `passedFrom` on. */
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
  /** The peer saw an end before the other side had ended, or before all bytes of the other side had come. */
  sawEarlyEnd = false
  /** The peer had ended when it saw an end. */
  hadEndedBefore = false
  /** How many bytes of the other side's stream were checked and are right. */
  heard = 0
  /** How many bytes came before that stream began. */
  preambleBytes = 0
  protected readonly far: FarEnd
  /** The other end, once its name is known. */
  other: Peer | undefined
  /** The bytes that came before the other end was known. Undefined once it is known. */
  #unknown: Buffer | undefined = Buffer.alloc(0)
  /** How many bytes the peer must say, and how many it has said. */
  #wanted: number
  #said = 0
  /** How many of its first bytes the peer keeps back until it is told to say something. */
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

  /** How many bytes the proxy has sent to this peer. */
  get sentToIt(): number {
    return this.far.inbound.sent
  }

  /** How many bytes of this peer the proxy has taken. */
  get takenFromIt(): number {
    return this.far.outbound.taken
  }

  /** How many bytes of this stream the other side must get, as far as the peer wants to say them. */
  get toBeHeard(): number {
    return Math.max(0, this.#wanted - this.passedFrom)
  }

  /** Whether the peer keeps back some of its first bytes. It will not say them by itself. */
  get isKeepingBack(): boolean {
    return this.#keptBack > 0
  }

  /** Whether the peer knows its other end. */
  get isAcquainted(): boolean {
    return this.#unknown === undefined
  }

  get isLeadArrived(): boolean {
    return this.far.outbound.arrived >= this.lead.length
  }

  /** Whether the peer neither broke the connection nor saw it break. */
  get isWhole(): boolean {
    return !this.hasReset && !this.sawReset && !this.hasClosed
  }

  /** Sets what the peer says first. Before, it had less to say, or nothing. A peer that has ended says no more. */
  protected begin(lead: Buffer, passedFrom: number): void {
    if (this.#wantsEnd) return
    this.lead = lead
    this.passedFrom = passedFrom
    this.#wanted = lead.length
  }

  /** Whether the proxy must pass this peer's end on to the other side. */
  get isEndPassedOn(): boolean {
    return true
  }

  /** Whether the peer may say more than its first bytes. */
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

  /** close(2): FIN, and a reset if bytes were not read or come later. */
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

  /** Says and takes what it can. Returns whether any byte moved. */
  pump(most: number): boolean {
    if (!this.isWhole) return false
    const hasSaid = this.#pumpOut(most)
    const bytes = this.isPaused ? undefined : this.far.inbound.receive(most)
    if (bytes === undefined || bytes.length === 0) return hasSaid
    this.#take(bytes)
    return true
  }

  /** Returns `count` bytes of this peer's stream, from the byte `from` on. */
  stream(from: number, count: number): Buffer {
    if (from >= this.lead.length) return pattern(this.seed, count, from - this.lead.length)
    const lead = this.lead.subarray(from, from + count)
    return Buffer.concat([lead, pattern(this.seed, count - lead.length)])
  }

  /** Which peer says these first bytes, and where its stream begins in `bytes`. Undefined if more bytes are needed. */
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

  /** The peer sees an end. checkRecord decides later whether the end was right. */
  #ended(): void {
    this.sawEnd = true
    this.hadEndedBefore = this.hasEnded
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

  /** Closes a unix socket, which cannot leave in any other way. */
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
