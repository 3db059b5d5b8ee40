/** The ways in which a pipe can carry bytes on this machine. All must keep the same promises. */
import type { SpliceMode } from '../../src/defaults.js'
import { createEngine, kernelLoop } from '../../src/io/choose-engine.js'
import { DEFAULT_PIPE_LIMITS, type Engine } from '../../src/io/engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { StreamEngine } from '../../src/io/streams/stream-engine.js'
import type { Direction } from '../../src/pipe/direction.js'
import { beginSplicing } from '../../src/pipe/fd/choose-carrier.js'
import { copyCarrier } from '../../src/pipe/fd/copy-carrier.js'
import { FdDirection } from '../../src/pipe/fd/fd-direction.js'
import type { Pipe } from '../../src/pipe/pipe.js'
import { random } from './bytes.js'

export interface Carriage {
  readonly name: string
  readonly splice: SpliceMode
  /** Whether a reset is noticed while nobody reads from its socket. Node does not notice it. */
  readonly noticesResetsOfUnread: boolean
  /** Whether the system tells what a peer has acknowledged. Node does not. */
  readonly knowsAcknowledged: boolean
  createEngine(): Engine
  /** Changes a pipe that is about to start. */
  prepare?(pipe: Pipe, engine: Engine): void
}

const SWITCHING_SEED = 5
/** The size of a kernel pipe for an unprivileged user whose quota is spent. */
const SMALL_PIPE_BYTES = 64 * 1024

/** Node's streams carry the bytes, as they do everywhere without the addon. */
export const streamCarriage: Carriage = {
  name: 'stream carrier',
  splice: 'auto',
  noticesResetsOfUnread: false,
  knowsAcknowledged: false,
  createEngine: () => new StreamEngine('switched-off'),
}

/** With the addon: splice, copy, and changes between the two. On every machine: Node's streams. */
export function carriages(): Carriage[] {
  const loop = kernelLoop()
  if (!(loop instanceof KernelLoop)) {
    console.log(`not tested with the kernel and copy carriers: ${loop}`)
    return [streamCarriage]
  }
  const kernel = {
    createEngine: withPipesOf(DEFAULT_PIPE_LIMITS.kernelPipeBytes),
    noticesResetsOfUnread: true,
    knowsAcknowledged: true,
  }
  return [
    { ...kernel, name: 'kernel carrier', splice: 'on' },
    {
      ...kernel,
      name: 'kernel carrier with small pipes',
      splice: 'on',
      createEngine: withPipesOf(SMALL_PIPE_BYTES),
    },
    { ...kernel, name: 'copy carrier', splice: 'off' },
    { ...kernel, name: 'auto', splice: 'auto' },
    { ...kernel, name: 'auto with forced switches', splice: 'auto', prepare: switchAtRandom },
    streamCarriage,
  ]
}

/** All rigs of a thread share its kernel pipes, so each rig sets their size for itself. */
function withPipesOf(kernelPipeBytes: number): () => Engine {
  return () => {
    const engine = createEngine()
    engine.limitPipes({ ...DEFAULT_PIPE_LIMITS, kernelPipeBytes })
    return engine
  }
}

/** Before each run, each direction that holds no byte takes one of the two carriers at random. */
function switchAtRandom(pipe: Pipe): void {
  const next = random(SWITCHING_SEED)
  const run = pipe.run.bind(pipe)
  const choose = (direction: Direction): void => {
    if (!(direction instanceof FdDirection)) throw new Error('only fds have carriers to choose from')
    if (direction.inside > 0 || direction.isOver) return
    direction.carrier = next() < 0.5 ? beginSplicing(direction) : copyCarrier
  }
  pipe.run = () => {
    choose(pipe.up)
    choose(pipe.down)
    run()
  }
}
