/**
 * What this process costs: CPU, memory, file descriptors, and how late its event loop runs. It leaves out
 * what it cannot read, because a look at a process in trouble must not end it.
 */
import { getHeapStatistics } from 'node:v8'
import type { Config } from '../../config/schema.js'
import type { Engine } from '../../io/engine.js'
import { countOpenFds, mostOpenFds } from '../../io/kernel/native.js'
import { type MostConnections, mostConnections } from '../../limits/most-connections.js'
import { DELAY_BOUNDS, Histogram } from '../../observe/counts/histogram.js'
import type { HistogramStatus, ProcessStatus, ProxyStatus } from '../../observe/status.js'
import { VERSION } from '../../version.js'

export class ProcessWatch {
  /** Called with each of these timers. `isLast`: no connection is left, so no timer follows for now. */
  onTimer: ((isLast: boolean) => void) | undefined
  #delays: Histogram | undefined

  /** Counts delays of the event loop from now on. Before that, nobody would see them. */
  start(): void {
    this.#delays = new Histogram(DELAY_BOUNDS)
  }

  stop(): void {
    this.#delays = undefined
  }

  /**
   * A timer of another room was so many ms late. There is no timer just for this: it would wake an idle
   * process, and if no timer is due, nothing is delayed.
   */
  timerRan(lateMs: number, isLast: boolean): void {
    this.#delays?.observe(lateMs / 1000)
    this.onTimer?.(isLast)
  }

  status(config: Config): ProcessStatus {
    return {
      pid: process.pid,
      cpuSeconds: cpuSeconds(),
      residentBytes: residentBytes(),
      heapBytes: getHeapStatistics().used_heap_size,
      openFds: countOpenFds(),
      mostFds: mostOpenFds(),
      mostConnections: ownMost(config)?.most,
    }
  }

  /** Undefined: this process does not measure delays. */
  get delaySeconds(): HistogramStatus | undefined {
    return this.#delays?.status()
  }
}

/** How many connections a process with this config can have. Undefined: the platform does not tell. */
export function ownMost({ listeners, splice }: Config): MostConnections | undefined {
  return mostConnections({ fds: mostOpenFds(), listeners: listeners.length, hasPipes: splice !== 'off' })
}

/** The part of a status that does not depend on what the process serves. */
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
    predecessor: undefined,
    unavailable: engine.unavailable,
  } satisfies Partial<ProxyStatus>
}

export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Node reads it from a file, which takes a file descriptor. */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}
