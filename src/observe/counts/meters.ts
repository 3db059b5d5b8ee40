/**
 * Counts connections by cluster, by backend and altogether, and adds the bytes of those that still run. The
 * description of the status says what has a counter. listener-meter.ts counts more for listeners.
 */
import { CLUSTER } from '../../status/cluster.js'
import { CONNECTIONS } from '../../status/common.js'
import { countersOf } from '../../status/fields.js'
import type { Traffic } from '../status.js'
import { Histogram, LATENCY_BOUNDS } from './histogram.js'

type Sums = { -readonly [Name in keyof Traffic]: number }

/** The bytes of connections that have ended. */
export class TrafficMeter {
  readonly bytes: Sums = {
    bytesUp: 0,
    bytesDown: 0,
    splicedUp: 0,
    splicedDown: 0,
    receivedUp: 0,
    receivedDown: 0,
  }

  /** A connection has ended. */
  add(traffic: Traffic): void {
    addTo(this.bytes, traffic)
  }
}

/** For all connections together. */
export class TotalsMeter extends TrafficMeter {
  readonly counts = countersOf(CONNECTIONS)
}

export class BackendMeter extends TrafficMeter {
  readonly connectSeconds = new Histogram(LATENCY_BOUNDS)
  readonly firstByteSeconds = new Histogram(LATENCY_BOUNDS)
}

export class ClusterMeter extends BackendMeter {
  readonly counts = countersOf(CLUSTER)
}

/** Meters by owner. An owner that is collected takes its meter along. */
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

/** Adds up the bytes of running connections, by the meters that will count them at their end. */
export class RunningTraffic {
  readonly #sums = new Map<TrafficMeter, { readonly bytes: Sums; count: number }>()

  add(meter: TrafficMeter, traffic: Traffic): void {
    const sum = this.#sums.get(meter)
    if (sum === undefined) this.#sums.set(meter, { bytes: copyOf(traffic), count: 1 })
    else {
      addTo(sum.bytes, traffic)
      sum.count++
    }
  }

  count(meter: TrafficMeter): number {
    return this.#sums.get(meter)?.count ?? 0
  }

  /** The bytes of running connections and of those that have ended. */
  with(meter: TrafficMeter): Traffic {
    const total = copyOf(meter.bytes)
    const running = this.#sums.get(meter)
    if (running !== undefined) addTo(total, running.bytes)
    return total
  }
}

function copyOf({ bytesUp, bytesDown, splicedUp, splicedDown, receivedUp, receivedDown }: Traffic): Sums {
  return { bytesUp, bytesDown, splicedUp, splicedDown, receivedUp, receivedDown }
}

function addTo(sum: Sums, more: Traffic): void {
  sum.bytesUp += more.bytesUp
  sum.bytesDown += more.bytesDown
  sum.splicedUp += more.splicedUp
  sum.splicedDown += more.splicedDown
  sum.receivedUp += more.receivedUp
  sum.receivedDown += more.receivedDown
}
