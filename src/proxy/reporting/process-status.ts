/**
 * What this process costs: CPU, memory, file descriptors, and how late its event loop runs. What cannot be read is left
 * out: whoever looks at a process in need must not be what ends it.
 */
import { getHeapStatistics } from 'node:v8'
import type { Config } from '../../config/schema.js'
import type { Engine } from '../../io/engine.js'
import { countOpenFds, mostOpenFds } from '../../io/kernel/native.js'
import { DELAY_BOUNDS, Histogram } from '../../observe/counts/histogram.js'
import type { HistogramStatus, ProcessStatus, ProxyStatus } from '../../observe/status.js'
import { VERSION } from '../../version.js'

export class ProcessWatch {
  /** Called with each of these timers. `isLast`: no connection is left, so there is none for now. */
  onTimer: ((isLast: boolean) => void) | undefined
  #delays: Histogram | undefined

  /** From now on delays of the event loop are counted; before, nobody would see them. */
  start(): void {
    this.#delays = new Histogram(DELAY_BOUNDS)
  }

  stop(): void {
    this.#delays = undefined
  }

  /**
   * A timer that runs anyway was so late. There is none of our own: it would wake an idle process, and where no timer
   * is due nobody has to wait.
   */
  timerRan(lateMs: number, isLast: boolean): void {
    this.#delays?.observe(lateMs / 1000)
    this.onTimer?.(isLast)
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

/** What a status of one process tells of it whatever it serves. */
export function ownFacts(
  { splice }: Config,
  engine: Pick<Engine, 'kind' | 'notSplicing' | 'unavailable' | 'counts'>,
) {
  return {
    version: VERSION,
    workers: 1,
    workersWanted: 1,
    workersSilent: 0,
    workerDeaths: 0,
    workersDiffer: [],
    engine: engine.kind,
    notSplicing: splice === 'off' ? 'switched-off' : engine.notSplicing,
    kernel: engine.counts(),
    unavailable: engine.unavailable,
  } satisfies Partial<ProxyStatus>
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
