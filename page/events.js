// @ts-check
/**
 * Reads the event stream of the admin address. It uses fetch, because an EventSource cannot send a token. After each
 * failure it tries again by itself. It also gives up a stream that sends nothing: if the process hangs, the tunnel is dead
 * or the laptop slept, the connection stays open without data.
 */
import { recall } from './memory.js'

const RETRY_MS = 1000
const LONGEST_RETRY_MS = 10_000
/** A stream without data for so long is given up. The server sends an event every second. */
const SILENT_MS = 5000

/**
 * Turns text into the data of events (WHATWG HTML, section 9.2.6). The text may be cut at any place.
 */
export class EventParser {
  #rest = ''
  /** @type {string[]} */
  #data = []

  /**
   * @param {string} text
   * @returns {string[]}
   */
  push(text) {
    /** @type {string[]} */
    const events = []
    // A CR at the end may be half of a CRLF.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('data:')) this.#data.push(line.slice(5).replace(/^ /, ''))
      if (line !== '' || this.#data.length === 0) continue
      events.push(this.#data.join('\n'))
      this.#data = []
    }
    return events
  }
}

/** Why there is no stream, in words that the page shows. */
class Lost extends Error {}

/**
 * @typedef {object} Hooks
 * @property {(past: import('./moment.js').Past) => void} past called before the first moment of a stream
 * @property {(moment: import('./moment.js').Moment) => void} moment
 * @property {(why: string) => void} gone called after every failed attempt
 * @property {() => Promise<void>} login resolves when the user has entered a token
 */

export class Follower {
  #hooks
  #pauseMs = RETRY_MS
  #heardAt = 0
  /** Ends the present attempt if it got no data for too long. */
  #look = () => {}
  /** Ends the present pause. */
  #hurry = () => {}

  /** @param {Hooks} hooks */
  constructor(hooks) {
    this.#hooks = hooks
  }

  /** Never ends. */
  async run() {
    for (;;) {
      const why = await this.#attempt()
      if (why === undefined) continue
      this.#hooks.gone(why)
      await this.#pause()
    }
  }

  /** Browsers delay timers while a page is hidden or a laptop sleeps. This checks at once, without them. */
  wake() {
    this.#look()
    this.#hurry()
  }

  /** Resolves with the reason for the end. `undefined`: try again at once. */
  async #attempt() {
    const controller = new AbortController()
    this.#heardAt = Date.now()
    this.#look = () => {
      if (Date.now() - this.#heardAt >= SILENT_MS) controller.abort()
    }
    const watch = setInterval(() => this.#look(), SILENT_MS / 10)
    try {
      const past = await ask('/api/v1/history', { signal: controller.signal })
      if (past.status === 401) {
        clearInterval(watch)
        return await this.#hooks.login()
      }
      if (!past.ok) throw new Lost(await problemOf(past))
      this.#hooks.past(await past.json())
      await this.#read(await ask('/api/v1/events', { signal: controller.signal }))
      return 'millrace ended the stream'
    } catch (error) {
      if (controller.signal.aborted) return `millrace sent nothing for ${SILENT_MS / 1000} s`
      if (error instanceof Lost) return error.message
      console.error(error)
      return `this page cannot show the data that it received (${error}). Reload the page`
    } finally {
      clearInterval(watch)
      controller.abort()
    }
  }

  #pause() {
    const ms = this.#pauseMs
    this.#pauseMs = Math.min(ms * 1.5, LONGEST_RETRY_MS)
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#hurry = () => {
        clearTimeout(timer)
        resolve(undefined)
      }
    })
  }

  /** @param {Response} response */
  async #read(response) {
    if (!response.ok || response.body === null) throw new Lost(await problemOf(response))
    const parser = new EventParser()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { value, done } = await reader.read().catch(() => {
        throw new Lost('the connection broke')
      })
      if (done) return
      this.#heardAt = Date.now()
      // If events were delayed and come together, only the last one is about the present.
      const last = parser.push(value).at(-1)
      if (last === undefined) continue
      this.#pauseMs = RETRY_MS
      this.#hooks.moment(JSON.parse(last))
    }
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @throws Lost if there is no answer
 */
export async function ask(path, options = {}) {
  const token = recall('sessionStorage', 'token')
  const headers = token === null ? undefined : { authorization: `Bearer ${token}` }
  try {
    return await fetch(path, { ...options, ...(headers && { headers }), cache: 'no-store' })
  } catch {
    throw new Lost(options.signal?.aborted ? 'no answer in time' : 'millrace does not answer')
  }
}

/**
 * The detail of a problem response (RFC 9457), or its status.
 * @param {Response} response
 * @returns {Promise<string>}
 */
export async function problemOf(response) {
  const { detail } = await response.json().catch(() => ({}))
  return detail ?? `millrace answered with status ${response.status}`
}
