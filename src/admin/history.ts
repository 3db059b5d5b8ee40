/**
 * The last five minutes of the process, in samples of its status. The status page shows them when somebody opens it. Old samples
 * go. If a sample has very many rows, making it takes long, so none is kept any more. So memory and time are bounded.
 */
import type { Values } from '../observe/counts/merge.js'
import type { ProxyStatus } from '../observe/status.js'
import type { Fields, Told } from '../status/fields.js'
import { COUNTS_SAMPLE, TRAFFIC_SAMPLE } from '../status/sample.js'
import { sampleOf } from './sample.js'

const SPAN_MS = 300_000
/** Each of them makes a point in a chart. */
const TRAFFIC_EVERY_MS = 10_000
/** They have more rows, and only the oldest one is compared with the present. */
const COUNTS_EVERY_MS = 30_000

export interface PastSamples {
  readonly traffic: readonly Told<typeof TRAFFIC_SAMPLE>[]
  readonly counts: readonly Told<typeof COUNTS_SAMPLE>[]
}

export class History {
  readonly #traffic: Series<typeof TRAFFIC_SAMPLE>
  readonly #counts: Series<typeof COUNTS_SAMPLE>

  /** It is asked for a new status for each sample. */
  constructor(status: () => Promise<ProxyStatus>) {
    const forget = (): void => {
      for (const each of [this.#traffic, this.#counts]) each.forget()
    }
    this.#traffic = new Series(
      TRAFFIC_SAMPLE,
      TRAFFIC_EVERY_MS,
      async () => failuresOf(await status()),
      forget,
    )
    this.#counts = new Series(COUNTS_SAMPLE, COUNTS_EVERY_MS, async () => happenedIn(await status()), forget)
  }

  /** Takes the first samples at once. Does nothing if it has begun. */
  start(): void {
    this.#traffic.start()
    this.#counts.start()
  }

  stop(): void {
    this.#traffic.stop()
    this.#counts.stop()
  }

  /** The oldest ones first. */
  get samples(): PastSamples {
    return { traffic: this.#traffic.samples, counts: this.#counts.samples }
  }
}

class Series<Of extends Fields> {
  readonly #fields: Of
  readonly #everyMs: number
  readonly #status: () => Promise<ProxyStatus>
  readonly #tooMany: () => void
  #kept: { readonly atMs: number; readonly values: Values }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(fields: Of, everyMs: number, status: () => Promise<ProxyStatus>, tooMany: () => void) {
    this.#fields = fields
    this.#everyMs = everyMs
    this.#status = status
    this.#tooMany = tooMany
  }

  get samples(): readonly Told<Of>[] {
    const now = performance.now()
    return this.#kept.map(({ atMs, values }) => ({ agoMs: now - atMs, ...values }) as unknown as Told<Of>)
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => void this.#add(), this.#everyMs).unref()
    void this.#add()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  forget(): void {
    this.stop()
    this.#kept = []
  }

  /** If the status cannot be made, this sample is left out. */
  async #add(): Promise<void> {
    const status = await this.#status().catch(() => undefined)
    if (status === undefined || this.#timer === undefined) return
    const values = sampleOf(this.#fields, status, this.#kept.at(-1)?.values)
    if (values === undefined) return this.#tooMany()
    const atMs = performance.now()
    this.#kept = this.#kept.filter((each) => atMs - each.atMs <= SPAN_MS)
    this.#kept.push({ atMs, values })
  }
}

const happenedIn = (status: ProxyStatus): ProxyStatus => ({
  ...status,
  endings: status.endings.filter(({ count }) => count > 0),
})

const failuresOf = (status: ProxyStatus): ProxyStatus => ({
  ...status,
  endings: status.endings.filter(({ outcome, count }) => outcome === 'error' && count > 0),
})
