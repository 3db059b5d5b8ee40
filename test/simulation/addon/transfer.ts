/** native/transfer.cc, rule for rule, on the simulated kernel. Faults that were fixed there can be put back here. */
import * as native from '../../../src/io/kernel/native-constants.js'
import type { Faults } from '../faults.js'
import * as e from '../kernel/errnos.js'
import type { Kernel } from '../kernel/kernel.js'
import type { KernelPipe } from '../kernel/kernel-pipe.js'
import type { KernelPipes } from './kernel-pipes.js'
import { add, clearOutcome, fail } from './outcome.js'

const ATOMIC_PIPE_WRITE = 4096
const STOP =
  native.SOURCE_EMPTY |
  native.SOURCE_ENDED |
  native.SOURCE_FAILED |
  native.SINK_FULL |
  native.SINK_FAILED |
  native.SPLICE_REFUSED |
  native.NO_PIPE |
  native.TRY_LATER

const isShortOfMemory = (errno: number): boolean => errno === e.ENOMEM || errno === e.ENOBUFS
const isRefusal = (errno: number): boolean => errno === e.EINVAL || errno === e.EPERM

export class Transfers {
  readonly #kernel: Kernel
  readonly #pipes: KernelPipes
  readonly #faults: Faults
  readonly #scratch: Buffer
  readonly #outcome: Int32Array

  constructor(kernel: Kernel, pipes: KernelPipes, faults: Faults, scratch: Buffer, outcome: Int32Array) {
    this.#kernel = kernel
    this.#pipes = pipes
    this.#faults = faults
    this.#scratch = scratch
    this.#outcome = outcome
  }

  /** SpliceThrough of native/transfer.cc. */
  splice(source: number, sink: number, leased: number, budget: number, hints: number): number {
    clearOutcome(this.#outcome)
    const id = leased >= 0 ? leased : this.#pipes.lease()
    if (!this.#pipes.isLeased(id)) return fail(this.#outcome, native.NO_PIPE, id < 0 ? -id : e.EBADF)
    const pipe = this.#pipes.at(id)
    let found = this.#drain(pipe, sink)
    const stops = this.#faults.has('end-found-behind-bytes') ? STOP & ~native.SINK_FULL : STOP
    if ((found & stops) === 0 && (hints & native.HINT_READABLE) !== 0) {
      const room = Math.min(budget, this.#pipes.mostBytesPerMove)
      found |= this.#fill(pipe, source, room, hints)
      while (pipe.bytes > 0 && (found & STOP) === 0 && this.#faults.has('full-pipe-for-empty-socket'))
        found |= this.#fill(pipe, source, room, hints)
      found |= this.#drain(pipe, sink)
    }
    if (pipe.bytes === 0) this.#pipes.giveBack(id)
    else this.#outcome[native.PIPE] = id
    return found
  }

  /** CopyThrough of native/transfer.cc. */
  copy(source: number, sink: number, budget: number, hints: number): number {
    clearOutcome(this.#outcome)
    let found = 0
    while ((found & STOP) === 0 && this.#outcome[native.IN]! < budget) {
      const room = Math.min(this.#scratch.length, budget - this.#outcome[native.IN]!)
      const came = this.#kernel.receive(source, this.#scratch.subarray(0, room), false)
      if (came < 0) return found | this.#sourceError(-came)
      if (came === 0) return found | native.SOURCE_ENDED
      add(this.#outcome, native.IN, came)
      const telling = native.HINT_MAY_BE_URGENT | native.HINT_READ_TO_THE_END
      const isProof = (hints & telling) === 0 || this.#faults.has('short-read-hides-the-end')
      if (came < room && isProof) found |= native.SOURCE_EMPTY
      const before = this.#outcome[native.OUT]!
      found |= this.send(sink, this.#scratch.subarray(0, came))
      const sent = this.#outcome[native.OUT]! - before
      if (sent < came) {
        this.#outcome[native.LEFT_AT] = sent
        this.#outcome[native.LEFT_BYTES] = came - sent
      }
    }
    return found
  }

  /** SendRest of native/transfer.cc. A caller that begins with it clears the outcome first. */
  send(sink: number, bytes: Buffer): number {
    const sent = this.#kernel.send(sink, bytes)
    if (sent < 0) return this.#sinkError(-sent)
    add(this.#outcome, native.OUT, sent)
    return sent < bytes.length ? native.SINK_FULL : 0
  }

  #drain(pipe: KernelPipe, sink: number): number {
    while (pipe.bytes > 0) {
      const wanted = pipe.bytes
      this.#pipes.splices++
      const sent = this.#kernel.spliceOut(pipe, sink, wanted)
      if (sent < 0) {
        return isRefusal(-sent) ? fail(this.#outcome, native.SPLICE_REFUSED, -sent) : this.#sinkError(-sent)
      }
      this.#pipes.pinned -= sent
      add(this.#outcome, native.OUT, sent)
      if (sent < wanted) return native.SINK_FULL
    }
    return 0
  }

  #fill(pipe: KernelPipe, source: number, room: number, hints: number): number {
    this.#pipes.splices++
    const came = this.#kernel.spliceIn(source, pipe, room)
    if (came > 0) {
      this.#pipes.pinned += came
      add(this.#outcome, native.IN, came)
      return this.#afterFill(source, came)
    }
    if (came < 0 && isRefusal(-came)) return fail(this.#outcome, native.SPLICE_REFUSED, -came)
    if (came < 0 && -came !== e.EAGAIN) return this.#sourceError(-came)
    if (pipe.bytes > 0) return this.#whatFaultsFind(came)
    if (this.#faults.has('urgent-byte-stops-splice'))
      return came === 0 ? native.SOURCE_ENDED : native.SOURCE_EMPTY
    const isDoubtful =
      came === 0 || (hints & native.HINT_MAY_BE_EMPTY) === 0 || (hints & native.HINT_MAY_BE_URGENT) !== 0
    return isDoubtful ? this.#askByReceive(pipe, source, hints) : native.SOURCE_EMPTY
  }

  /** What a fill behind the first one finds, with a fault put back. Without faults the addon fills only empty pipes. */
  #whatFaultsFind(came: number): number {
    if (came === 0) return native.SOURCE_ENDED
    return this.#faults.has('full-pipe-for-empty-socket') ? native.SOURCE_EMPTY : 0
  }

  /** What a fault does after a fill. Without faults it does nothing. */
  #afterFill(source: number, came: number): number {
    if (!this.#faults.has('mark-larger-than-a-move')) return 0
    this.#kernel.setLowWater(source, came + came / 2)
    return native.SOURCE_EMPTY
  }

  #askByReceive(pipe: KernelPipe, source: number, hints: number): number {
    const most = Math.min(this.#scratch.length, ATOMIC_PIPE_WRITE)
    const came = this.#kernel.receive(source, this.#scratch.subarray(0, most), false)
    if (came < 0) return this.#sourceError(-came)
    if (came === 0) return native.SOURCE_ENDED
    add(this.#outcome, native.IN, came)
    pipe.push(Buffer.from(this.#scratch.subarray(0, came)), this.#kernel.random)
    this.#pipes.pinned += came
    add(this.#outcome, native.COPIED, came)
    return (hints & native.HINT_MAY_BE_URGENT) !== 0 ? native.URGENT_COPIED : 0
  }

  #sinkError(errno: number): number {
    if (errno === e.EAGAIN) return native.SINK_FULL
    return fail(this.#outcome, isShortOfMemory(errno) ? native.TRY_LATER : native.SINK_FAILED, errno)
  }

  #sourceError(errno: number): number {
    if (errno === e.EAGAIN) return native.SOURCE_EMPTY
    if (isShortOfMemory(errno)) return fail(this.#outcome, native.TRY_LATER, errno)
    if (this.#faults.has('reset-for-end')) return native.SOURCE_ENDED
    return fail(this.#outcome, native.SOURCE_FAILED, errno)
  }
}
