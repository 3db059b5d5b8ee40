/**
 * One direction of a pipe between two fds of ours. It offloads what can be moved below the pipe, and mutes a
 * source whose sink is full.
 */
import type { FdSocket } from '../../io/kernel/fd-socket.js'
import { SOURCE_EMPTY } from '../../io/kernel/native-constants.js'
import type { NotSplicing } from '../../io/not-splicing.js'
import { READABLE } from '../../io/socket.js'
import type { Carrier } from '../carrier.js'
import { Direction } from '../direction.js'
import type { FrozenDirection } from '../frozen.js'
import type { PipeHost } from '../options.js'
import { firstCarrier, isBulk, nextCarrier } from './choose-carrier.js'
import { copyOffload } from './copy-offload.js'
import { type FdFlow, hold } from './fd-flow.js'
import { applyFindings, holdRest } from './findings.js'
import { frozenFlow, pipeFdsOf, restoreFlow } from './frozen-flow.js'
import { muteWhileFull } from './muting.js'
import type { SpliceState } from './splice-state.js'

export class FdDirection extends Direction<FdSocket> implements FdFlow {
  carrier: Carrier<FdFlow>
  state: SpliceState | undefined = undefined

  constructor(source: FdSocket, sink: FdSocket, host: PipeHost, head?: Buffer) {
    super(source, sink, host)
    if (head !== undefined && head.length > 0) {
      hold(this, head)
      this.took(head.length)
    }
    this.carrier = firstCarrier(this)
  }

  override get splicedBytes(): number {
    return this.state?.splicedBytes ?? 0
  }

  override get refusal(): NotSplicing | undefined {
    return this.state?.refusal
  }

  override afterRun(): void {
    muteWhileFull(this)
    copyOffload.leave(this)
  }

  override leave(): void {
    copyOffload.leave(this)
  }

  override carried(): number | undefined {
    return copyOffload.carried(this)
  }

  /** Judges what ended an offload like the result of an ordinary copy. A readable source has no offload. */
  override told(came: number, found: number): boolean {
    if (found === SOURCE_EMPTY && !isBulk(this, came)) return true
    this.source.ready |= READABLE
    // The outcome is about this copy only if it found more than an emptied source.
    if ((found & ~SOURCE_EMPTY) !== 0) holdRest(this)
    applyFindings(this, found)
    if (!this.isOver) this.chooseCarrier(came)
    return false
  }

  override get isMovable(): boolean {
    return true
  }

  override freeze(): FrozenDirection | undefined {
    return frozenFlow(this)
  }

  override suspend(): void {
    this.source.suspend()
    this.sink.suspend()
  }

  override resume(): void {
    this.source.resume()
    this.sink.resume()
  }

  override restore(frozen: FrozenDirection, kernelPipe: number | undefined): void {
    this.phase = frozen.phase
    this.bytes = frozen.bytes
    this.inside = frozen.inside
    restoreFlow(this, frozen, kernelPipe)
  }

  override fds(): number[] {
    return [this.source.fd, ...pipeFdsOf(this)]
  }

  override describe(): Record<string, unknown> {
    const { kernelPipe, smallMoves, refusal } = this.state ?? {}
    return { ...super.describe(), kernelPipe, smallMoves, refusal }
  }

  protected override chooseCarrier(came: number): void {
    this.carrier = nextCarrier(this, came)
  }
}
