/**
 * Chooses the engine of this thread: the kernel engine if the addon loads, otherwise the engine on node:net.
 * A thread has one event loop for the kernel engine, as it has one libuv loop. So this file keeps that loop
 * beside the loaded addon.
 */
import type { Engine } from './engine.js'
import { KernelEngine } from './kernel/kernel-engine.js'
import { KernelLoop } from './kernel/kernel-loop.js'
import type { NativeCountsTables } from './kernel/native-counts-tables.js'
import type { NativeService } from './kernel/native-service.js'
import { activatedSockets } from './listening/activated-sockets.js'
import type { SocketSource } from './listening/given-sockets.js'
import { StreamEngine } from './streams/stream-engine.js'

let started: ReturnType<typeof KernelLoop.start> | undefined
let shared: Engine | undefined

/** The kernel loop of this thread, or the reason why there is none. Loading is tried once. */
export function kernelLoop(): ReturnType<typeof KernelLoop.start> {
  started ??= KernelLoop.start()
  return started
}

/** The addon's tables of counts. Undefined: this thread has no addon. */
export function countsTables(): NativeCountsTables | undefined {
  const loop = kernelLoop()
  return loop instanceof KernelLoop ? loop.native : undefined
}

/** The addon's calls about the service manager. Undefined: this thread has no addon. */
export function serviceCalls(): NativeService | undefined {
  const loop = kernelLoop()
  return loop instanceof KernelLoop ? loop.native : undefined
}

/**
 * Makes a new engine with deadlines of its own. It listens on the sockets that are found in `given`, and on those that a service
 * manager has opened.
 */
export function createEngine(given: SocketSource = activatedSockets): Engine {
  const loop = kernelLoop()
  if (loop instanceof KernelLoop) return new KernelEngine(loop, given)
  return new StreamEngine(loop, undefined, given)
}

/** The engine of this thread for pipes that belong to no proxy. */
export function sharedEngine(): Engine {
  shared ??= createEngine()
  return shared
}
