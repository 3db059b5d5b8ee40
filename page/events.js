// @ts-check
/**
 * The event stream of the admin address, read with fetch, because an EventSource can show no token. It comes back by
 * itself when the process does. A stream that says nothing is as good as none: a process that hangs, a tunnel that is
 * dead and a laptop that slept leave it open.
 */
import { recall } from './memory.js'

const RETRY_MS = 1000
const LONGEST_RETRY_MS = 10_000
/** The server tells something every second. */
const SILENT_MS = 5000

/**
 * Text that may be cut anywhere → the data of whole events (WHATWG HTML, section 9.2.6).
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

/** Why there is no stream, in words for whoever looks at the page. */
class Lost extends Error {}

/**
 * @typedef {object} Hooks
 * @property {(moment: import('./moment.js').Moment) => void} moment
 * @property {(why: string) => void} gone after every attempt that has failed
 * @property {() => Promise<void>} login resolves when there is another token to show
 */

export class Follower {
  #hooks
  #pauseMs = RETRY_MS
  #heardAt = 0
  /** Ends the present attempt, if any, where it has been silent for too long. */
  #look = () => {}
  /** Ends the present pause, if any. */
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

  /** Timers sleep while a page is hidden or a laptop shut: who comes back wants to know at once. */
  wake() {
    this.#look()
    this.#hurry()
  }

  /** Why it is over; undefined where it is to be tried again at once. */
  async #attempt() {
    const controller = new AbortController()
    this.#heardAt = Date.now()
    this.#look = () => {
      if (Date.now() - this.#heardAt >= SILENT_MS) controller.abort()
    }
    const watch = setInterval(() => this.#look(), SILENT_MS / 10)
    try {
      const response = await ask('/api/v1/events', { signal: controller.signal })
      if (response.status === 401) {
        clearInterval(watch)
        return await this.#hooks.login()
      }
      await this.#read(response)
      return 'it has hung up'
    } catch (error) {
      if (controller.signal.aborted) return `it has been silent for ${SILENT_MS / 1000} s`
      if (error instanceof Lost) return error.message
      console.error(error)
      return `the page cannot show what it was told (${error}); reload it`
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
        throw new Lost('the connection has broken')
      })
      if (done) return
      this.#heardAt = Date.now()
      // What was held up on its way is of the past: the last of it is what counts.
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
 * @throws Lost where nobody answers
 */
export async function ask(path, options = {}) {
  const token = recall('sessionStorage', 'token')
  const headers = token === null ? undefined : { authorization: `Bearer ${token}` }
  try {
    return await fetch(path, { ...options, ...(headers && { headers }), cache: 'no-store' })
  } catch {
    throw new Lost(options.signal?.aborted ? 'it is silent' : 'nobody answers')
  }
}

/**
 * What is wrong, as the answer has it (RFC 9457).
 * @param {Response} response
 * @returns {Promise<string>}
 */
export async function problemOf(response) {
  const { detail } = await response.json().catch(() => ({}))
  return detail ?? `status ${response.status}`
}
