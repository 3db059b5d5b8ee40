// @ts-check
/**
 * The last five minutes, per listener and of all: rates, made of counts that only grow. Where they have not, another
 * process tells them now, and the first of its moments has no rate.
 */

/** @import { Moment, Status, Traffic } from './moment.js' */

/** One a second: five minutes. */
const MOST_POINTS = 300
const ALL = ''

/**
 * @typedef {object} Point
 * @property {number} at seconds since 1970
 * @property {number | null} spliced bytes per second, both ways; null: not known
 * @property {number | null} copied
 * @property {number | null} up bytes per second
 * @property {number | null} down
 * @property {number | null} perSecond new connections
 * @property {number} active
 */

/**
 * @typedef {object} Counts
 * @property {Traffic} traffic
 * @property {number} accepted
 * @property {number} active
 */

export class History {
  /** @type {Map<string, Point[]>} */
  #points = new Map()
  /** @type {Map<string, Counts>} */
  #before = new Map()
  #startedAt = /** @type {string | undefined} */ (undefined)
  #at = 0

  /**
   * @param {Moment} moment
   * @param {number} now seconds since 1970
   */
  add({ status }, now) {
    if (status.startedAt !== this.#startedAt) this.#before.clear()
    this.#startedAt = status.startedAt
    const seconds = now - this.#at
    this.#at = now
    const counts = countsOf(status)
    for (const [name, each] of counts) {
      const points = this.#points.get(name) ?? []
      points.push(pointOf(now, each, this.#before.get(name), seconds))
      if (points.length > MOST_POINTS) points.shift()
      this.#points.set(name, points)
    }
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
}

/**
 * @param {Status} status
 * @returns {Map<string, Counts>}
 */
function countsOf({ listeners, connections }) {
  const accepted = listeners.reduce((sum, listener) => sum + listener.accepted, 0)
  const all = { traffic: connections, accepted, active: connections.active }
  /** @type {Map<string, Counts>} */
  const counts = new Map([[ALL, all]])
  for (const listener of listeners) counts.set(listener.name, listener)
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
  if (before === undefined || seconds <= 0) {
    return { at, spliced: null, copied: null, up: null, down: null, perSecond: null, active: now.active }
  }
  /** @param {(counts: Counts) => number} count */
  const rate = (count) => Math.max(0, count(now) - count(before)) / seconds
  const spliced = rate(({ traffic }) => traffic.splicedUp + traffic.splicedDown)
  const up = rate(({ traffic }) => traffic.bytesUp)
  const down = rate(({ traffic }) => traffic.bytesDown)
  return {
    at,
    spliced,
    copied: Math.max(0, up + down - spliced),
    up,
    down,
    perSecond: rate(({ accepted }) => accepted),
    active: now.active,
  }
}
