/**
 * What this process costs: CPU, memory, file descriptors, and how late its event loop runs. What cannot be read is left
 * out: whoever looks at a process in need must not be what ends it.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { countOpenFds, mostOpenFds } from '../io/native.js'
import type { ProcessStatus } from '../observe/status.js'

/** Often enough to see a stall of a few dozen ms, seldom enough to cost nothing. */
const LOOK_EVERY_MS = 20
/** A look that somebody else had just taken would have nothing to tell. */
const LEAST_SPAN_MS = 900

export class ProcessWatch {
  #delays: IntervalHistogram | undefined
  #delayMs: ProcessStatus['eventLoopDelayMs']
  #lookedAt = Number.NEGATIVE_INFINITY

  /** From now on delays of the event loop are measured; before, nobody would see them. */
  start(): void {
    this.#delays = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS })
    this.#delays.enable()
  }

  stop(): void {
    this.#delays?.disable()
    this.#delays = undefined
  }

  status(): ProcessStatus {
    this.#look()
    return {
      pid: process.pid,
      cpuSeconds: cpuSeconds(),
      residentBytes: residentBytes(),
      heapBytes: getHeapStatistics().used_heap_size,
      openFds: countOpenFds(),
      mostFds: mostOpenFds(),
      eventLoopDelayMs: this.#delayMs,
    }
  }

  /** Each figure is of the time since the last. What is measured includes the pause between two looks itself. */
  #look(): void {
    const now = performance.now()
    if (this.#delays === undefined || this.#delays.count === 0 || now - this.#lookedAt < LEAST_SPAN_MS) return
    const delayMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - LOOK_EVERY_MS)
    this.#delayMs = {
      p50: delayMs(this.#delays.percentile(50)),
      p99: delayMs(this.#delays.percentile(99)),
      max: delayMs(this.#delays.max),
    }
    this.#delays.reset()
    this.#lookedAt = now
  }
}

export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** It is read from a file, which takes a file descriptor. */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}
