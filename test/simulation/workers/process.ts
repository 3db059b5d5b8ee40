/** A process on the simulated machine: its file descriptors, its event loop, and whether it runs. */
import type { Address } from '../../../src/address.js'
import type { HeldSocket, ListenOptions } from '../../../src/io/engine.js'
import { KernelEngine } from '../../../src/io/kernel/kernel-engine.js'
import { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import { errnoName } from '../../../src/io/kernel/native.js'
import type { NativeCountsTables } from '../../../src/io/kernel/native-counts-tables.js'
import type { SocketSource } from '../../../src/io/listening/given-sockets.js'
import { heldSocket } from '../../../src/io/listening/held-socket.js'
import { listenError } from '../../../src/io/listening/listen-errors.js'
import { SimulatedAddon } from '../addon/addon.js'
import type { TimerOwner, VirtualClock } from '../clock.js'
import { NO_FAULTS } from '../faults.js'
import { Kernel, type KernelOptions } from '../kernel/kernel.js'
import type { Machine } from '../kernel/machine.js'
import type { Random } from '../random.js'
import { SimulatedHandle } from './simulated-handle.js'

const NO_QUOTA = 0
const KERNEL: KernelOptions = {
  buffers: { sendBytes: 16 * 1024, receiveBytes: 64 * 1024 },
  quotaPages: NO_QUOTA,
  spliceErrno: 0,
}

export class Process implements TimerOwner {
  state: TimerOwner['state'] = 'runs'
  hasHung = false
  readonly kernel: Kernel
  readonly #clock: VirtualClock
  readonly #addon: SimulatedAddon
  readonly #loop: KernelLoop

  constructor(clock: VirtualClock, machine: Machine, random: Random) {
    this.#clock = clock
    this.kernel = new Kernel(random, KERNEL, machine)
    this.#addon = new SimulatedAddon(this.kernel, NO_FAULTS)
    const loop = KernelLoop.start({ native: this.#addon }, () => NO_QUOTA)
    if (!(loop instanceof KernelLoop)) throw new Error(loop)
    this.#loop = loop
  }

  createEngine(given?: SocketSource): KernelEngine {
    return new HoldingEngine(this.#loop, this.kernel, given)
  }

  get tables(): NativeCountsTables {
    return this.#addon
  }

  get isBusy(): boolean {
    return this.state === 'runs' && this.kernel.epoll.isReady
  }

  /** Runs `work` in this process, with all that follows from it at once. */
  run<Result>(work: () => Result): Result {
    return this.#clock.within(this, work)
  }

  /** The process's event loop looks at the kernel. Returns whether anything was reported. */
  collect(): boolean {
    return this.state === 'runs' && this.run(() => this.#addon.collect())
  }

  /** Closes all its fds. Nothing of the process runs any more. */
  exit(): void {
    this.state = 'gone'
    this.kernel.exit()
  }
}

/** Holds sockets with simulated handles, because Node's handles need a real fd. */
class HoldingEngine extends KernelEngine {
  readonly #kernel: Kernel

  constructor(loop: KernelLoop, kernel: Kernel, given: SocketSource | undefined) {
    super(loop, given)
    this.#kernel = kernel
  }

  override async hold(address: Address, { backlog, sharePort }: ListenOptions): Promise<HeldSocket> {
    if (address.kind === 'unix') throw listenError(address, 'ENOTSUP')
    const fd = this.#kernel.listen(address.host, address.port, backlog, sharePort)
    if (fd < 0) throw listenError(address, errnoName(fd))
    const handle = new SimulatedHandle(this.#kernel, fd)
    return heldSocket(handle, address)
  }
}
