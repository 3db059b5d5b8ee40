// What happens to backends, chosen at random from a seed. Each fault lasts a while, and is undone. There is always a
// backend of each service to which nothing has been done for a while.
import { setTimeout as sleep } from 'node:timers/promises'
import { SETTLE_MS } from './judge.mjs'

const LEAST_MS = 500
const MOST_MS = 8_000
const PAUSE_MS = 2_000
const FLAP_MS = 300

/** How each fault begins and how it is undone. `service`: only for backends of this service. */
export const FAULTS = {
  kill: { begin: ({ backend }) => backend.kill(), end: ({ backend }) => backend.start() },
  hang: { begin: ({ backend }) => backend.hang(), end: ({ backend }) => backend.goOn() },
  remove: {
    begin: ({ backend, millrace }) => millrace.remove(backend.address),
    end: ({ backend, millrace }) => millrace.add(backend.address),
  },
  drain: changing({ state: 'drain' }, { state: 'up' }),
  maint: changing({ state: 'maint' }, { state: 'up' }),
  'weight 0': changing({ weight: 0 }, { weight: 1 }),
  flap: { service: 'echo', begin: flap, end: stopFlapping },
}

function changing(to, back) {
  const change = ({ backend, millrace }, how) => millrace.change(backend.service, backend.address, how)
  return { begin: (story) => change(story, to), end: (story) => change(story, back) }
}

/** The port closes and opens again and again. */
async function flap(story) {
  let isOpen = true
  story.flapping = setInterval(() => {
    isOpen = !isOpen
    story.backend.tell(isOpen ? 'accept' : 'refuse')
  }, FLAP_MS)
}

/** Its last order may have been either of them, and a port that is open cannot be opened. */
async function stopFlapping({ backend, flapping }) {
  clearInterval(flapping)
  backend.tell('refuse')
  backend.tell('accept')
}

export class Faults {
  /** How often each fault happened. */
  counts = Object.fromEntries(Object.keys(FAULTS).map((kind) => [kind, 0]))
  #backends
  #millrace
  #timeline
  #random
  #running = new Set()

  constructor({ backends, millrace, timeline, random }) {
    this.#backends = backends
    this.#millrace = millrace
    this.#timeline = timeline
    this.#random = random
  }

  /** Does things to backends until the deadline, and then waits until all of it is undone. */
  async runUntil(deadline) {
    let failure
    while (Date.now() < deadline && failure === undefined) {
      const story = this.#choose()
      if (story !== undefined) {
        const running = this.#play(story, Math.min(story.lastsMs, deadline - Date.now()))
        this.#running.add(running)
        running
          .catch((error) => {
            failure ??= error
          })
          .finally(() => this.#running.delete(running))
      }
      await sleep(Math.min(this.#random.between(0, PAUSE_MS), Math.max(deadline - Date.now(), 0)))
    }
    await Promise.all(this.#running)
    if (failure !== undefined) throw failure
  }

  /** The same seed makes the same choices as long as the same backends may be chosen. */
  #choose() {
    const backend = this.#random.oneOf(this.#backends)
    const kinds = Object.keys(FAULTS).filter(
      (kind) => (FAULTS[kind].service ?? backend.service) === backend.service,
    )
    const kind = this.#random.oneOf(kinds)
    const lastsMs = this.#random.between(LEAST_MS, MOST_MS)
    return this.#mayFail(backend) ? { backend, kind, lastsMs, millrace: this.#millrace } : undefined
  }

  #mayFail({ address, service }) {
    if (this.#timeline.isTouched(address)) return false
    const others = this.#backends.filter((other) => other.service === service && other.address !== address)
    const now = Date.now()
    return this.#timeline.couldServe(
      others.map((other) => other.address),
      now - SETTLE_MS,
      now,
    )
  }

  async #play(story, lastsMs) {
    const { backend, kind } = story
    this.counts[kind]++
    this.#timeline.begin(backend.address, kind, Date.now())
    await FAULTS[kind].begin(story)
    await sleep(lastsMs)
    await FAULTS[kind].end(story)
    this.#timeline.end(backend.address, Date.now())
  }
}
