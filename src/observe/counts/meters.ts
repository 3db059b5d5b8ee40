/**
 * What is counted of connections, per cluster, backend and altogether, and the bytes of those that still run. What has a
 * counter is said where the status is described. Listeners have more to count: listener-meter.ts.
 */
import { CLUSTER } from '../../status/cluster.js'
import { CONNECTIONS } from '../../status/common.js'
import { countersOf } from '../../status/fields.js'
import type { Traffic } from '../status.js'
import { Histogram, LATENCY_BOUNDS } from './histogram.js'

type Sums = { -readonly [Name in keyof Traffic]: number }

/** Bytes of one thing, of connections that are over. */
export class TrafficMeter {
  readonly bytes: Sums = {
    bytesUp: 0,
    bytesDown: 0,
    splicedUp: 0,
    splicedDown: 0,
    receivedUp: 0,
    receivedDown: 0,
  }

  /** A connection is over. */
  add(traffic: Traffic): void {
    addTo(this.bytes, traffic)
  }
}

/** Of all connections. */
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

/** Meters by what they are of: whoever is gone for good takes its meter along. */
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

/** Sums up the bytes of connections that still run, by the meters that are going to count them. */
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

  /** These and those that are over. */
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
