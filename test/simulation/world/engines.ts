/** The engines of stories, each with the simulated layer below it. */
import type { Engine } from '../../../src/io/engine.js'
import { KernelEngine } from '../../../src/io/kernel/kernel-engine.js'
import { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import { StreamEngine } from '../../../src/io/streams/stream-engine.js'
import { SimulatedAddon } from '../addon/addon.js'
import type { Faults } from '../faults.js'
import type { Kernel } from '../kernel/kernel.js'
import { UvLoop } from '../libuv/loop.js'
import { simulatedNet } from '../libuv/net.js'
import type { Conditions } from './conditions.js'

/** An engine and its event loop. */
export interface Played {
  readonly engine: Engine
  /** Whether something is due without a report from the kernel. */
  readonly hasWork: boolean
  /** The loop looks at the kernel once. Returns whether anything was reported or due. */
  collect(): boolean
  /** Ends the turn. */
  endTurn(): void
  /** How many fds and pipes the engine holds. At the end every count must be 0. */
  held(): Readonly<Record<string, number>>
}

export function createPlayed(kernel: Kernel, quotaPages: number, { engine, faults }: Conditions): Played {
  if (engine === 'stream') return new PlayedStream(kernel, faults)
  return new PlayedKernel(new SimulatedAddon(kernel, faults), quotaPages)
}

class PlayedKernel implements Played {
  readonly engine: Engine
  readonly hasWork = false
  readonly #addon: SimulatedAddon

  constructor(addon: SimulatedAddon, quotaPages: number) {
    this.#addon = addon
    const loop = KernelLoop.start({ native: addon }, () => quotaPages)
    if (!(loop instanceof KernelLoop)) throw new Error(loop)
    this.engine = new KernelEngine(loop)
  }

  collect(): boolean {
    return this.#addon.collect()
  }

  endTurn(): void {}

  held(): Readonly<Record<string, number>> {
    const { descriptors, pipesInUse, pinnedBytes } = this.#addon.count()
    return { descriptors, pipesInUse, pinnedBytes }
  }
}

class PlayedStream implements Played {
  readonly engine: Engine
  readonly #kernel: Kernel
  readonly #loop: UvLoop

  constructor(kernel: Kernel, faults: Faults) {
    this.#kernel = kernel
    this.#loop = new UvLoop(kernel)
    this.engine = new StreamEngine('switched-off', undefined, undefined, simulatedNet(this.#loop, faults))
  }

  get hasWork(): boolean {
    return this.#loop.hasWork
  }

  collect(): boolean {
    return this.#loop.collect()
  }

  endTurn(): void {
    this.#loop.endTurn()
  }

  held(): Readonly<Record<string, number>> {
    return { descriptors: this.#kernel.openFds }
  }
}
