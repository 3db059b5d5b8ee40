/**
 * Counts the connections that listeners of one name accepted: every count of the status, how connections
 * ended, what broke, and why bytes were copied. Labels have few values, whatever clients send.
 */
import type { Listener } from '../../listener/listener.js'
import { countersOf } from '../../status/fields.js'
import { LISTENER } from '../../status/listener.js'
import { type CountedEnding, DENIALS, outcomeOf, whyDenied, withoutDetail } from '../endings.js'
import type { DeniedCount, EndingCount, NotSplicedCount, PipeErrorCount } from '../status.js'
import { DURATION_BOUNDS, Histogram } from './histogram.js'
import { TrafficMeter } from './meters.js'

/** The facts of a listener that the status has besides its counts. */
export type CountedListener = Pick<Listener, 'address' | 'isListening' | 'shortage'>

export class ListenerMeter extends TrafficMeter {
  /** The last listener with this name. */
  listener: CountedListener
  readonly counts = countersOf(LISTENER)
  readonly seconds = new Histogram(DURATION_BOUNDS)
  /** By `cluster by phase cause`, none of which holds a space. */
  readonly #endings = new Map<string, number>()
  /** By `side errno`. */
  readonly #errors = new Map([
    ['client ECONNRESET', 0],
    ['backend ECONNRESET', 0],
  ])
  /** Each reason counts from 0. */
  readonly #denied = new Map(DENIALS.map((why) => [why, 0]))
  readonly #notSpliced = new Map<string, { connections: number; bytes: number }>()

  constructor(listener: CountedListener) {
    super()
    this.listener = listener
  }

  /** An ending that is possible counts from 0, so that its first time shows as an increase. */
  expect(cluster: string, { by, phase, cause }: CountedEnding): void {
    addOne(this.#endings, `${cluster} ${by} ${phase} ${cause}`, 0)
  }

  finished(cluster: string, ending: CountedEnding): void {
    const { by, phase, cause } = ending
    addOne(this.#endings, `${cluster} ${by} ${phase} ${withoutDetail(cause)}`)
    const why = whyDenied(ending)
    if (why !== undefined) addOne(this.#denied, why)
  }

  /** Forgets the endings of clusters that nobody knows any more. */
  forgetClusters(isKnown: (cluster: string) => boolean): void {
    for (const key of this.#endings.keys()) {
      const cluster = key.slice(0, key.indexOf(' '))
      if (cluster !== '' && !isKnown(cluster)) this.#endings.delete(key)
    }
  }

  broke(side: 'client' | 'backend', errno: string): void {
    addOne(this.#errors, `${side} ${ERRNO.test(errno) ? errno : 'other'}`)
  }

  /** A connection that has ended copied bytes that it might have spliced. */
  copied(why: string, bytes: number): void {
    const reason = withoutDetail(why)
    const counts = this.#notSpliced.get(reason)
    if (counts === undefined) this.#notSpliced.set(reason, { connections: 1, bytes })
    else {
      counts.connections++
      counts.bytes += bytes
    }
  }

  endings(listener: string): EndingCount[] {
    return Array.from(this.#endings, ([key, count]) => {
      const [cluster, by, phase, cause] = key.split(' ') as EndingParts
      return { listener, cluster, by, phase, cause, count, outcome: outcomeOf({ by, phase, cause }) }
    })
  }

  pipeErrors(): PipeErrorCount[] {
    return Array.from(this.#errors, ([key, count]) => {
      const [side, errno = ''] = key.split(' ')
      return { side: side as PipeErrorCount['side'], errno, count }
    })
  }

  denied(): DeniedCount[] {
    return Array.from(this.#denied, ([why, count]) => ({ why, count }))
  }

  notSpliced(): NotSplicedCount[] {
    return Array.from(this.#notSpliced, ([reason, counts]) => ({ reason, ...counts }))
  }
}

type EndingParts = [cluster: string, CountedEnding['by'], CountedEnding['phase'], cause: string]

/** The kernel's names. Streams have too many other errors to count each by itself. */
const ERRNO = /^E[A-Z0-9]{2,19}$/

function addOne(counts: Map<string, number>, key: string, one = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + one)
}
