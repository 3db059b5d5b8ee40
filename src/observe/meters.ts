/**
 * What is counted of connections that are over, per listener, cluster, backend and altogether. Who is counted is
 * forgotten with what it belongs to: a backend that leaves the config takes its counts along.
 */
import { Histogram } from './histogram.js'
import type { RecordEnding } from './record.js'
import type { ConnectionTotals, EndingCount, Traffic } from './status.js'

/** Bytes of one thing. */
export class TrafficMeter {
  readonly bytes = { bytesUp: 0, bytesDown: 0, splicedUp: 0, splicedDown: 0 }
  ended = 0

  add(traffic: Traffic): void {
    this.ended++
    addTo(this.bytes, traffic)
  }
}

export class ListenerMeter extends TrafficMeter {
  readonly seconds = new Histogram()
  /** By `by phase cause`. */
  readonly #endings = new Map<string, number>()

  finished({ by, phase, cause }: RecordEnding): void {
    const key = `${by} ${phase} ${withoutDetail(cause)}`
    this.#endings.set(key, (this.#endings.get(key) ?? 0) + 1)
  }

  endings(listener: string): EndingCount[] {
    return Array.from(this.#endings, ([key, count]) => {
      const [by, phase, cause = ''] = key.split(' ')
      return {
        listener,
        by: by as RecordEnding['by'],
        phase: phase as RecordEnding['phase'],
        cause,
        count,
      }
    })
  }
}

export class ClusterMeter extends TrafficMeter {
  retries = 0
  readonly connectSeconds = new Histogram()
  readonly firstByteSeconds = new Histogram()
}

/** Meters by what they are of. */
export class Meters<Owner extends object, Meter> {
  readonly #meters = new WeakMap<Owner, Meter>()
  readonly #create: () => Meter

  constructor(create: () => Meter) {
    this.#create = create
  }

  of(owner: Owner): Meter {
    const known = this.#meters.get(owner)
    if (known !== undefined) return known
    const meter = this.#create()
    this.#meters.set(owner, meter)
    return meter
  }
}

/** Sums up the bytes of connections that still run, by whatever they belong to. */
export class RunningTraffic {
  readonly #sums = new Map<object, { -readonly [Name in keyof Traffic]: number }>()
  readonly #counts = new Map<object, number>()

  add(owner: object | undefined, traffic: Traffic): void {
    if (owner === undefined) return
    const sum = this.#sums.get(owner)
    if (sum === undefined) this.#sums.set(owner, pickTraffic(traffic))
    else addTo(sum, traffic)
    this.#counts.set(owner, this.count(owner) + 1)
  }

  count(owner: object): number {
    return this.#counts.get(owner) ?? 0
  }

  /** These and those of connections of `owner` that are over. */
  with(meter: TrafficMeter, owner: object): Traffic {
    const sum = { ...meter.bytes }
    const running = this.#sums.get(owner)
    if (running !== undefined) addTo(sum, running)
    return sum
  }

  totals(meter: TrafficMeter, owner: object): ConnectionTotals {
    return { active: this.count(owner), ended: meter.ended, ...this.with(meter, owner) }
  }
}

/** Causes are few without what follows the colon, whatever clients send. */
function withoutDetail(cause: string): string {
  const colon = cause.indexOf(':')
  return colon === -1 ? cause : cause.slice(0, colon)
}

function pickTraffic({ bytesUp, bytesDown, splicedUp, splicedDown }: Traffic) {
  return { bytesUp, bytesDown, splicedUp, splicedDown }
}

function addTo(sum: { -readonly [Name in keyof Traffic]: number }, more: Traffic): void {
  sum.bytesUp += more.bytesUp
  sum.bytesDown += more.bytesDown
  sum.splicedUp += more.splicedUp
  sum.splicedDown += more.splicedDown
}
