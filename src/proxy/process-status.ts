/**
 * What this process costs: CPU, memory, file descriptors, and how late its event loop runs. What cannot be read is left
 * out: whoever looks at a process in need must not be what ends it.
 */
import { getHeapStatistics } from 'node:v8'
import { countOpenFds, mostOpenFds } from '../io/native.js'
import { DELAY_BOUNDS, Histogram } from '../observe/histogram.js'
import type { HistogramStatus, ProcessStatus } from '../observe/status.js'

/** Often enough to see a stall of a few dozen ms, seldom enough to cost nothing. */
const LOOK_EVERY_MS = 20

export class ProcessWatch {
  #delays: Histogram | undefined
  #timer: NodeJS.Timeout | undefined

  /** From now on delays of the event loop are measured; before, nobody would see them. */
  start(): void {
    const delays = new Histogram(DELAY_BOUNDS)
    this.#delays = delays
    let dueAt = performance.now() + LOOK_EVERY_MS
    this.#timer = setInterval(() => {
      const now = performance.now()
      delays.observe(Math.max(0, now - dueAt) / 1000)
      dueAt = now + LOOK_EVERY_MS
    }, LOOK_EVERY_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#delays = undefined
  }

  status(): ProcessStatus {
    return {
      pid: process.pid,
      cpuSeconds: cpuSeconds(),
      residentBytes: residentBytes(),
      heapBytes: getHeapStatistics().used_heap_size,
      openFds: countOpenFds(),
      mostFds: mostOpenFds(),
    }
  }

  /** Undefined where nobody measures. */
  get delaySeconds(): HistogramStatus | undefined {
    return this.#delays?.status()
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
