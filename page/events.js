// @ts-check
/**
 * The event stream of the admin address, read with fetch, because an EventSource can show no token. It comes back by
 * itself when the process does.
 */

const RETRY_MS = 1000
const LONGEST_RETRY_MS = 10_000

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

/**
 * @typedef {object} Hooks
 * @property {(moment: import('./moment.js').Moment) => void} moment
 * @property {() => void} gone
 * @property {() => Promise<string>} askToken resolves with what somebody has entered
 */

/**
 * Never ends.
 * @param {Hooks} hooks
 */
export async function follow({ moment, gone, askToken }) {
  let pauseMs = RETRY_MS
  for (;;) {
    try {
      const response = await ask('/api/v1/events')
      if (response.status === 401) {
        sessionStorage.setItem('token', await askToken())
        continue
      }
      await read(response, (value) => {
        pauseMs = RETRY_MS
        moment(value)
      })
    } catch {
      // Nobody answers: as if the stream had ended.
    }
    gone()
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_RETRY_MS)
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 */
export function ask(path, options = {}) {
  const token = sessionStorage.getItem('token')
  const headers = token === null ? undefined : { authorization: `Bearer ${token}` }
  return fetch(path, { ...options, ...(headers && { headers }), cache: 'no-store' })
}

/**
 * @param {Response} response
 * @param {(moment: import('./moment.js').Moment) => void} told
 */
async function read({ ok, status, body }, told) {
  if (!ok || body === null) throw new Error(`status ${status}`)
  const parser = new EventParser()
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    for (const data of parser.push(value)) told(JSON.parse(data))
  }
}
