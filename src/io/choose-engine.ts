/**
 * Which engine this thread has: the kernel's where the addon loads, node:net's elsewhere. The event loop of
 * the kernel path is one per thread, like libuv's, so it is kept here beside the loaded addon.
 */
import type { Engine } from './engine.js'
import { KernelEngine } from './kernel/kernel-engine.js'
import { KernelLoop } from './kernel/kernel-loop.js'
import type { GivenSockets } from './listening/given-sockets.js'
import { StreamEngine } from './streams/stream-engine.js'

let started: ReturnType<typeof KernelLoop.start> | undefined
let shared: Engine | undefined

/** The kernel loop of this thread, or why there is none. Loading is tried once. */
export function kernelLoop(): ReturnType<typeof KernelLoop.start> {
  started ??= KernelLoop.start()
  return started
}

/** A new engine, with deadlines of its own. It listens only on sockets that are `given`, where any are. */
export function createEngine(given?: GivenSockets): Engine {
  const loop = kernelLoop()
  if (loop instanceof KernelLoop) return new KernelEngine(loop, given)
  return new StreamEngine(loop, undefined, given)
}

/** The engine of this thread for pipes that belong to no proxy. */
export function sharedEngine(): Engine {
  shared ??= createEngine()
  return shared
}
