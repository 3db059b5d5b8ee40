// @ts-check
/**
 * The last five minutes, of each listener and of all together. The process has them when the page is opened, with a sample every
 * 10 s. From then on an event comes every second. Rates are computed from counts. The first sample of another process has no
 * rate, because its counts start anew. If nothing came for a while, there is a gap.
 */

/** @import { Traffic, Traffics } from './moment.js' */

/** With one point a second, five minutes. */
const MOST_POINTS = 300
/** An event that comes sooner than this after the last one (s) is left out: its rate would be too coarse. */
const SHORTEST = 0.5
/** After a longer pause than this (s) the line has a gap. */
const LONGEST = 15
const ALL = ''

/**
 * @typedef {object} Point
 * @property {number} at seconds since 1970
 * @property {number | null} spliced bytes per second, both directions together. null: not known
 * @property {number | null} copied the same
 * @property {number | null} up bytes per second from clients to backends
 * @property {number | null} down bytes per second from backends to clients
 * @property {number | null} perSecond new connections per second
 * @property {number | null} active open connections
 * @property {number} failed connections that failed since the point before
 */

/**
 * @typedef {object} Counts
 * @property {Traffic} traffic
 * @property {number} accepted
 * @property {number} active
 * @property {number} failed
 */

export class History {
  /** @type {Map<string, Point[]>} */
  #points = new Map()
  /** @type {Map<string, Counts>} */
  #before = new Map()
  #startedAt = /** @type {string | undefined} */ (undefined)
  #at = Number.NEGATIVE_INFINITY

  /**
   * @param {Traffics} counted
   * @param {number} now seconds since 1970
   */
  add(counted, now) {
    const isOther = counted.startedAt !== this.#startedAt
    const seconds = now - this.#at
    if (!isOther && seconds >= 0 && seconds < SHORTEST) return
    if (isOther || seconds < 0 || seconds > LONGEST) this.#break()
    this.#startedAt = counted.startedAt
    this.#at = now
    const counts = countsOf(counted)
    for (const [name, each] of counts) this.#push(name, pointOf(now, each, this.#before.get(name), seconds))
    for (const name of this.#points.keys()) if (!counts.has(name)) this.#points.delete(name)
    this.#before = counts
  }

  /**
   * @param {string} listener `''`: all of them
   * @returns {readonly Point[]}
   */
  of(listener) {
    return this.#points.get(listener) ?? []
  }

  /**
   * Connections that failed in so many seconds before the last event.
   * @param {string} listener
   * @param {number} seconds
   */
  failed(listener, seconds) {
    return this.of(listener)
      .filter(({ at }) => this.#at - at < seconds)
      .reduce((sum, { failed }) => sum + failed, 0)
  }

  #break() {
    for (const name of this.#points.keys()) this.#push(name, { ...NOTHING, at: this.#at })
    this.#before = new Map()
  }

  /**
   * @param {string} name
   * @param {Point} point
   */
  #push(name, point) {
    const points = this.#points.get(name) ?? []
    points.push(point)
    if (points.length > MOST_POINTS) points.shift()
    this.#points.set(name, points)
  }
}

const NOTHING = {
  spliced: null,
  copied: null,
  up: null,
  down: null,
  perSecond: null,
  active: null,
  failed: 0,
}

/**
 * @param {Traffics} counted
 * @returns {Map<string, Counts>}
 */
function countsOf({ listeners, connections, endings }) {
  /** @type {Map<string, number>} */
  const failures = new Map()
  for (const { listener, outcome, count } of endings) {
    if (outcome === 'error') failures.set(listener, (failures.get(listener) ?? 0) + count)
  }
  const all = { traffic: connections, accepted: 0, active: connections.active, failed: 0 }
  /** @type {Map<string, Counts>} */
  const counts = new Map([[ALL, all]])
  for (const { name, traffic, accepted, active } of listeners) {
    const failed = failures.get(name) ?? 0
    all.accepted += accepted
    all.failed += failed
    counts.set(name, { traffic, accepted, active, failed })
  }
  return counts
}

/**
 * @param {number} at
 * @param {Counts} now
 * @param {Counts | undefined} before
 * @param {number} seconds
 * @returns {Point}
 */
function pointOf(at, now, before, seconds) {
  if (before === undefined) return { ...NOTHING, at, active: now.active }
  /** @param {(counts: Counts) => number} count */
  const growth = (count) => Math.max(0, count(now) - count(before))
  const spliced = growth(({ traffic }) => traffic.splicedUp + traffic.splicedDown) / seconds
  const up = growth(({ traffic }) => traffic.bytesUp) / seconds
  const down = growth(({ traffic }) => traffic.bytesDown) / seconds
  return {
    at,
    spliced,
    copied: Math.max(0, up + down - spliced),
    up,
    down,
    perSecond: growth(({ accepted }) => accepted) / seconds,
    active: now.active,
    failed: growth(({ failed }) => failed),
  }
}
