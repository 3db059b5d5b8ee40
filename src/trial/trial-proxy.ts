/**
 * A proxy of a config without sockets, for the clients of one test. Its routes, limits, lists and bans are those of every proxy.
 * It asks no DNS, checks no backend and writes no log.
 */
import type { PeerAddress } from '../address.js'
import { ASKING } from '../cluster/names/provider.js'
import { isMap } from '../config/checks/unchecked.js'
import { USUAL_SOURCES } from '../config/constants.js'
import type { Config } from '../config/schema.js'
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import type { TestConfig } from '../config/schemas/tests-schema.js'
import type { Connection } from '../connection/connection.js'
import type { Counts } from '../limits/counts/counts.js'
import { createOwnCounts } from '../limits/counts/own-counts.js'
import { type ConfigLists, keyOf } from '../limits/lists/config-lists.js'
import type { Lists } from '../limits/lists/lists.js'
import type { Log, OpenLog } from '../observe/log/log.js'
import type { Names } from '../proxy/names.js'
import { RunningProxy } from '../proxy/running-proxy.js'
import type { Outcome } from './outcome.js'
import { addressOf, speak } from './trial-client.js'
import { TrialEngine } from './trial-engine.js'
import type { WireEnd } from './wire.js'

/** An outcome counts if nothing moves for so many turns of the event loop. */
const SURE_TURNS = 4
/** Nothing more happens before a deadline passes. A handshake of TLS pauses for a few turns. */
const QUIET_TURNS = 100
/** A client meets at most three deadlines: of its PROXY header, its silence and its first bytes. A refused one meets two more. */
const MOST_DEADLINES = 6

/** Every record, whatever the config says. */
const ALL = { sample: 1, always: [], minBytes: 0, minMs: 0, atOpen: false, everyMs: 0, redact: [] }
/** A name has no answer yet, so a client waits for it with the cluster that it has got. */
const NAMES: Names = {
  read: () => ({ cancel: () => {} }),
  watch: () => ({ meaning: ASKING, stop: () => {} }),
  status: () => [],
  configure: () => {},
}

export class TrialProxy {
  readonly #engine = new TrialEngine()
  readonly #proxy: RunningProxy
  readonly #ends: WireEnd[] = []
  /** What the present client has met. */
  #cause: string | undefined
  #notice: string | undefined

  /** `lists`: those of the config, loaded. */
  constructor(config: Config, lists: ConfigLists) {
    this.#proxy = new RunningProxy(
      { ...config, log: { ...config.log, access: ALL, explain: false } },
      {
        engine: this.#engine,
        openLog: this.#openLog(),
        names: NAMES,
        lists: knownLists(lists),
        probes: false,
        counts: standingCounts(config.limits?.sources ?? USUAL_SOURCES),
      },
    )
  }

  start(): Promise<void> {
    return this.#proxy.start()
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end.destroy()
    let isStopped = false
    const stopped = this.#proxy.stop().finally(() => {
      isStopped = true
    })
    while (!isStopped) {
      await turn()
      this.#engine.sweep.pass()
    }
    await stopped
  }

  /** What becomes of one more client. */
  async meet(test: TestConfig, listener: ListenerConfig): Promise<Outcome> {
    this.#cause = undefined
    const last = this.#proxy.connections().at(-1)
    this.#connect(test, listener, addressOf(test, listener))
    const connection = this.#proxy.connections().at(-1)
    const own = connection === last ? undefined : connection
    return this.#settled(() => this.#outcomeOf(own))
  }

  #connect(test: TestConfig, listener: ListenerConfig, from: PeerAddress): void {
    const end = this.#engine.connect(listener.address, from)
    this.#ends.push(end)
    speak(end, test, listener)
  }

  #outcomeOf(connection: Connection | undefined): Outcome | undefined {
    const by = connection && (connection.knownClient ? connection.knownClient.decidedBy : 'cluster')
    if (this.#cause !== undefined) return { kind: 'rejected', cause: this.#cause, by }
    if (connection === undefined) return { kind: 'waits', where: undefined, why: this.#notice }
    const { cluster, phase } = connection
    if (cluster === undefined) return undefined
    if (phase === 'queue') return { kind: 'waits', where: cluster, why: this.#notice }
    return phase === 'connect' && connection.hasEntered ? { kind: 'cluster', cluster, by } : undefined
  }

  /** Waits until the outcome is sure. When nothing more happens, the next deadline passes. */
  async #settled(outcomeOf: () => Outcome | undefined): Promise<Outcome> {
    const { sweep, traffic } = this.#engine
    for (let deadlines = 0; deadlines <= MOST_DEADLINES; deadlines++) {
      let seen = traffic.moves
      for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
        await turn()
        if (traffic.moves !== seen) quiet = 0
        seen = traffic.moves
        const outcome = quiet < SURE_TURNS ? undefined : outcomeOf()
        if (outcome !== undefined) return outcome
      }
      sweep.pass()
    }
    return { kind: 'undecided' }
  }

  #openLog(): OpenLog {
    const silent = (): void => {}
    const warn = (facts: unknown, message?: unknown): void => {
      if (isMap(facts) && 'limit' in facts) this.#notice = String(message)
    }
    const log: Log = {
      trace: silent,
      debug: silent,
      info: silent,
      warn,
      error: silent,
      isLevelEnabled: () => true,
    }
    return {
      log,
      record: (_id, _facts, ending) => {
        if (ending !== undefined) this.#cause ??= ending.cause
        return true
      },
      reopen: async () => {},
      prepare: async () => ({ take: silent, abandon: silent }),
      flush: async () => {},
      close: async () => {},
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Lists with the content of these, which were loaded once for all tests. */
function knownLists(known: ConfigLists): Lists {
  return {
    load: async (lists) => {
      for (const list of lists.all) list.use(known.find(keyOf(list.file))!.loaded)
    },
    takeUp: () => {},
    status: () => [],
    stop: () => {},
  }
}

/** A table whose clock stands still: how fast this machine is makes no difference to a rate. */
function standingCounts(sources: number): Counts {
  const clock = { now: () => 0, day: () => 0 }
  return { ...createOwnCounts({ sources, clock }), isShared: false }
}
