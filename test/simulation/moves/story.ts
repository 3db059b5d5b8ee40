/**
 * A pipe that goes from process to process while bytes flow through it. Both processes have a simulated kernel of one machine. A seed
 * decides what client and backend say and take, when they end, and when the pipe is moved, or frozen for nothing.
 */
import { FdSocket } from '../../../src/io/kernel/fd-socket.js'
import { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import { MESSAGE_FDS, MOST_FDS_PER_MESSAGE } from '../../../src/io/kernel/native-constants.js'
import { adoptSockets, restorePipe, takeFds } from '../../../src/pipe/fd/received-pipe.js'
import {
  createPipeCounters,
  DEFAULT_SETTINGS,
  type PipeEnding,
  type PipeHost,
  type PipeOwner,
} from '../../../src/pipe/options.js'
import { Pipe } from '../../../src/pipe/pipe.js'
import { pattern } from '../../support/bytes.js'
import { SimulatedAddon } from '../addon/addon.js'
import type { VirtualClock } from '../clock.js'
import { NO_FAULTS } from '../faults.js'
import { Kernel } from '../kernel/kernel.js'
import { type FarEnd, Machine } from '../kernel/machine.js'
import { Random } from '../random.js'

const LISTENER = { host: '10.9.9.9', port: 1 }
const SERVER = { host: '10.1.0.1', port: 80 }
const STEPS = 60
const PATTERNS = 10
/** After so many turns with nothing new, the story is over. */
const LAST_TURNS = 400

/** A process: its kernel, its loop, and its end of the socket for messages. */
interface Process {
  readonly kernel: Kernel
  readonly addon: SimulatedAddon
  readonly loop: KernelLoop
  messages: number
}

/** What one peer said, and what the other heard. */
interface Spoken {
  readonly said: Buffer[]
  readonly heard: Buffer[]
}

export class MoveStory implements PipeOwner {
  readonly up: Spoken = { said: [], heard: [] }
  readonly down: Spoken = { said: [], heard: [] }
  readonly endings: PipeEnding[] = []
  moves = 0
  /** Moves with bytes in a kernel pipe. */
  fullMoves = 0
  readonly #clock: VirtualClock
  readonly #random: Random
  readonly #processes: readonly [Process, Process]
  readonly #client: FarEnd
  readonly #backend: FarEnd
  readonly #host: Omit<PipeHost, 'runQueue'>
  /** How often the peers take everything. */
  readonly #eagerness: number
  #at: 0 | 1 = 0
  #pipe: Pipe

  constructor(clock: VirtualClock, seed: number) {
    const random = new Random(seed)
    this.#clock = clock
    this.#random = random
    const machine = new Machine()
    const bytes = random.pick([3000, 20_000, 200_000])
    const options = { buffers: { sendBytes: bytes, receiveBytes: bytes }, quotaPages: 0, spliceErrno: 0 }
    const process = (): Process => {
      const kernel = new Kernel(random, options, machine)
      const addon = new SimulatedAddon(kernel, NO_FAULTS)
      return { kernel, addon, loop: KernelLoop.start({ native: addon }, () => 0) as KernelLoop, messages: -1 }
    }
    this.#processes = [process(), process()]
    this.#connectProcesses()
    this.#eagerness = random.pick([0.02, 0.2, 0.5])
    const splice = random.pick(['auto', 'on', 'off'] as const)
    this.#host = { settings: { ...DEFAULT_SETTINGS, splice }, counters: createPipeCounters() }
    ;[this.#client, this.#backend, this.#pipe] = this.#join()
  }

  /** Plays the story to its end. */
  play(): void {
    for (let step = 0; step < STEPS; step++) this.#step()
    this.#end(this.#client)
    this.#end(this.#backend)
    for (let turn = 0; turn < LAST_TURNS && this.endings.length === 0; turn++) {
      if (this.#random.chance(0.2)) this.#move()
      this.#turn()
    }
    // What was sent before the end may still be on its way.
    for (let turn = 0; turn < LAST_TURNS; turn++) {
      this.#hearAll()
      if (!this.#processes[0].kernel.network.bringAll()) break
    }
    this.#clock.runImmediates()
  }

  get totals(): Pipe['totals'] {
    return this.#pipe.totals
  }

  /** What the processes still hold. */
  get held(): number {
    return this.#processes.reduce(
      (sum, { addon }) => sum + addon.count().descriptors + addon.count().pipesInUse,
      -2,
    )
  }

  pipeEnded(ending: PipeEnding): void {
    this.endings.push(ending)
  }

  #step(): void {
    const random = this.#random
    const what = random.int(0, 9)
    if (what <= 1) this.#say(this.#client, this.up)
    else if (what <= 3) this.#say(this.#backend, this.down)
    else if (what === 4) this.#move()
    else if (what === 5) this.#pipe.freeze()?.thaw()
    else if (what === 6 && random.chance(0.1)) this.#end(random.pick([this.#client, this.#backend]))
    else if (what === 7) this.#hear(this.#client, this.down, random.size(100_000))
    else if (what === 8) this.#hear(this.#backend, this.up, random.size(100_000))
    this.#turn()
  }

  #turn(): void {
    const random = this.#random
    this.#clock.now += random.int(0, 8) / 4
    this.#processes[0].kernel.network.stir(random)
    this.#clock.runTimers()
    for (const { addon } of this.#processes) addon.collect()
    this.#clock.runImmediates()
    if (random.chance(this.#eagerness)) this.#hearAll()
  }

  #say({ outbound }: FarEnd, { said }: Spoken): void {
    if (outbound.isEndSent) return
    const bytes = pattern(this.#random.int(1, PATTERNS), this.#random.size(100_000))
    said.push(Buffer.from(bytes.subarray(0, outbound.send(bytes))))
  }

  #end({ outbound }: FarEnd): void {
    outbound.end()
  }

  #hear({ inbound }: FarEnd, { heard }: Spoken, most: number): void {
    heard.push(inbound.receive(most))
  }

  #hearAll(): void {
    this.#hear(this.#client, this.down, Number.MAX_SAFE_INTEGER)
    this.#hear(this.#backend, this.up, Number.MAX_SAFE_INTEGER)
  }

  /** Moves the pipe to the other process, if that is possible now. */
  #move(): void {
    const [from, to] = [this.#processes[this.#at], this.#processes[this.#at === 0 ? 1 : 0]]
    const standing = this.#pipe.freeze()
    if (standing === undefined) return
    const fds = new Int32Array(MOST_FDS_PER_MESSAGE)
    fds.set(standing.fds)
    from.addon.sendFds(from.messages, Buffer.from('x'), fds, standing.fds.length)
    to.addon.receiveFds(to.messages, fds)
    const received = takeFds(to.addon, standing.facts, [...fds.subarray(0, to.loop.outcome[MESSAGE_FDS])])
    if (received === undefined) throw new Error('the fds cannot be used')
    const sockets = adoptSockets(to.loop, received)
    const pipe = restorePipe(sockets, received, { ...this.#host, runQueue: to.loop.runQueue }, this)
    // The old process closes its fds sometimes before and sometimes after the new one goes on.
    if (this.#random.chance(0.5)) standing.leave()
    else setImmediate(() => standing.leave())
    this.#pipe = pipe
    this.#at = this.#at === 0 ? 1 : 0
    this.moves += 1
    if (standing.fds.length > 2) this.fullMoves += 1
    pipe.start()
  }

  #connectProcesses(): void {
    const [a, b] = this.#processes
    const listener = a.addon.listenForMessages('/x')
    b.messages = b.addon.connectForMessages('/x', 1)
    a.messages = a.addon.accept(listener, 1)
    a.addon.close(listener)
  }

  #join(): [FarEnd, FarEnd, Pipe] {
    const [{ kernel, addon, loop }] = this.#processes
    const listener = addon.listen(LISTENER.host, LISTENER.port, 8)
    const client = kernel.connectFrom({ host: '10.0.0.1', port: 2 }, LISTENER)!
    const backend: FarEnd[] = []
    const accepted = (far: FarEnd): void => {
      backend.push(far)
    }
    kernel.servers.set(`${SERVER.host}:${SERVER.port}`, { refuseAtOnce: () => 0, answer: () => 0, accepted })
    const [one, other] = [loop.nextGeneration(), loop.nextGeneration()]
    const near = new FdSocket(loop, addon.accept(listener, one), one)
    const far = new FdSocket(loop, addon.connect(SERVER.host, SERVER.port, other), other)
    addon.close(listener)
    kernel.network.bringAll()
    const pipe = new Pipe(near, far, { ...this.#host, runQueue: loop.runQueue }, this)
    pipe.start()
    return [client, backend[0]!, pipe]
  }
}
