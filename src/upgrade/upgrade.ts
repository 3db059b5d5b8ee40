/**
 * The upgrade as the process sees it that serves. It starts its successor, hands over when that one could serve, and then drains.
 * Whatever fails before the successor serves changes nothing: this process goes on.
 */
import type { Upgraded } from '../control/answers.js'
import { MillraceError } from '../errors.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { changedCounts, type OthersCount } from '../limits/counts/counts-of-another.js'
import { VERSION } from '../version.js'
import { Heir } from './heir.js'
import { optionsOf } from './listening-options.js'
import type { Begin, Serving } from './messages.js'
import { PROTOCOL } from './protocol.js'
import { Stage } from './stage.js'
import { countedBy, leftOf, stateOf } from './state.js'
import { inheritedAs } from './successor-process.js'
import type { UpgradeHost } from './upgrade-host.js'

/** ms. From the state on, a successor has only to take it up. Clients wait meanwhile. */
const TAKE_UP_WITHIN_MS = 10_000
const TELL_LEFT_EVERY_MS = 1000
/** The time between two tellings is at least so many times that of one. */
const TELL_LEFT_PART = 20
/** Entries of limits in one message. */
const MOST_TOLD = 10_000
/** Connections that could not move may have a backend by then, or no bytes in this process any more. */
const MOVE_EVERY_MS = 1000

export class Upgrade {
  readonly #host: UpgradeHost
  #isRunning = false
  #heir: Heir | undefined
  #hasState = false
  /** The successor serves, and everything is told to it from now on. */
  #hasLeft = false
  /** This process was told to end before its successor served. */
  #isEnding = false
  /** When this process stopped accepting, in ms since 1970. */
  #pausedAt = 0
  /** What the successor knows of limits. */
  #limits: readonly OthersCount[] = []
  #telling: NodeJS.Timeout | undefined
  /** What is told comes one after the other. */
  #told: Promise<void> = Promise.resolve()
  #moving: NodeJS.Timeout | undefined

  constructor(host: UpgradeHost) {
    this.#host = host
  }

  /** Whether a successor exists, or is about to. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Whether a successor exists, or is about to, and does not serve yet. It knows what held when it was started. */
  get isStarting(): boolean {
    return this.#isRunning && !this.#hasLeft
  }

  /** Resolves when the successor serves. Rejects if it does not, and then nothing has changed. */
  async run(): Promise<Upgraded> {
    const { succession } = this.#host
    this.#check()
    const { log, config } = succession
    const beganAt = performance.now()
    this.#isRunning = true
    try {
      await this.#settle()
      const heir = this.#begin()
      log.info({ successor: heir.pid }, `upgrading: process ${heir.pid} starts`)
      const version = await heir.ready.within(config.upgradeMs, notReady(config.upgradeMs))
      const serving = await this.#handOver(heir)
      const tookMs = Math.round(performance.now() - beganAt)
      const pausedMs = Math.max(0, Math.round(serving.since - this.#pausedAt))
      log.info({ successor: heir.pid, version, tookMs, pausedMs }, `upgraded: process ${heir.pid} serves`)
      // The answer to the order goes out first.
      setImmediate(() => {
        this.#leave(heir, serving).catch((err: unknown) => log.error({ err }, 'the drain failed'))
      })
      return { pid: heir.pid, version, tookMs, pausedMs }
    } catch (error) {
      await this.#stay()
      log.error({ err: error }, 'the upgrade failed: this process goes on')
      throw error
    }
  }

  /**
   * This process was told to end. A successor that does not serve yet must not serve either. During the hand-over it is told to end
   * once it serves. If this process is told again, the successor ends now.
   */
  abort(): void {
    const isAgain = this.#isEnding
    this.#isEnding = !this.#hasLeft
    if (this.#isEnding && (isAgain || !this.#hasState)) void this.#heir?.kill()
  }

  /**
   * The last connection has ended. Resolves when the successor knows it, and when the predecessor is gone: a service manager ends
   * everything that is left when this process ends.
   */
  async finish(): Promise<void> {
    const heir = this.#heir
    // A process that was told to end must not leave another one behind.
    if (heir !== undefined && !this.#hasState) return await heir.kill()
    if (heir !== undefined) await this.#outcomeOf(heir)
    const predecessorGone = this.#host.predecessorGone()
    await Promise.race([predecessorGone, heir?.gone.reached ?? predecessorGone])
    if (heir === undefined) return
    clearTimeout(this.#telling)
    clearTimeout(this.#moving)
    await Promise.race([this.#tell(heir), heir.gone.reached])
  }

  /** Resolves when the successor serves, and knows what it is told then, or when it is gone. */
  async #outcomeOf(heir: Heir): Promise<void> {
    try {
      await heir.serving.reached
      this.#giveUpPlace(heir)
    } catch {
      // `run` tells why.
    }
  }

  /** @throws MillraceError `wrong-state` */
  #check(): void {
    if (this.#isRunning) throw refusal('an upgrade runs already')
    this.#checkServing()
    if (process.pid === 1)
      throw refusal(
        'this process is the first one of its container, which ends with it: let the orchestrator replace the container',
      )
  }

  /** @throws MillraceError `wrong-state` */
  #checkServing(): void {
    if (this.#isEnding || !this.#host.succession.isServing) throw refusal('this proxy is draining')
  }

  /** The successor must get a change that came before the upgrade, and is not over yet. No other one begins meanwhile. */
  async #settle(): Promise<void> {
    const { succession } = this.#host
    const { upgradeMs } = succession.config
    const settled = new Stage<void>()
    succession.settled().then(settled.reach, settled.fail)
    await settled.within(upgradeMs, notSettled(upgradeMs))
    this.#checkServing()
  }

  /** @throws Error if the system cannot start a process */
  #begin(): Heir {
    const { succession, admin, start, changes } = this.#host
    const fds: number[] = []
    const inherit = (fd: number): number => inheritedAs(fds.push(fd) - 1)
    const begin: Begin = {
      kind: 'begin',
      protocol: PROTOCOL,
      version: VERSION,
      pid: process.pid,
      listeners: succession
        .listeners()
        .filter(({ address }) => !activatedSockets.has(address))
        .map((each) => ({ ...each, fds: each.fds.map(inherit) })),
      options: optionsOf(succession),
      activated: activatedSockets.open.map(({ name, fd, number = fd }) => ({
        name,
        number,
        fd: inherit(fd),
      })),
      drained: [...succession.drained()],
      changes: [...changes()],
      admin: admin.sockets.map((each) => ({ ...each, fd: inherit(each.fd) })),
    }
    this.#heir = new Heir(start, fds, begin, succession.control)
    return this.#heir
  }

  async #handOver(heir: Heir): Promise<Serving> {
    const { succession, routed } = this.#host
    // While this process accepts: it finds out which workers do not answer, and tells most of what limits have counted.
    await succession.control.status()
    await this.#tellLimits(heir)
    // An operator may have drained everything meanwhile.
    if (!succession.isServing) throw refusal('this proxy is draining')
    this.#hasState = true
    routed.hold()
    this.#pausedAt = Date.now()
    await succession.pause()
    await this.#tellLimits(heir)
    heir.hand({ ...stateOf(succession), ...(await leftOf(succession)) })
    return await heir.serving.within(
      TAKE_UP_WITHIN_MS,
      `the new process did not serve within ${TAKE_UP_WITHIN_MS} ms after it got the state`,
    )
  }

  async #stay(): Promise<void> {
    const { succession, routed } = this.#host
    await this.#heir?.kill()
    if (this.#hasState) {
      await succession.resume()
      routed.route(routed.first)
    }
    this.#hasState = false
    this.#limits = []
    this.#heir = undefined
    this.#isRunning = false
  }

  async #leave(heir: Heir, { handOver }: Serving): Promise<void> {
    const { succession } = this.#host
    this.#giveUpPlace(heir)
    await succession
      .leave()
      .catch((err: unknown) => succession.log.warn({ err }, 'a worker has not closed its listeners'))
    await Promise.race([this.#keepTelling(heir), heir.gone.reached])
    await this.#host.handOver(handOver)
    void this.#tell(heir)
    this.#moveLater(heir, handOver)
    await succession.control.drain({ deadlineMs: succession.config.timeouts.drainMs })
  }

  /** The successor serves: callers, the service manager, and an order to end are for it. */
  #giveUpPlace(heir: Heir): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    const { succession, routed, admin, serves, end } = this.#host
    routed.route(heir.control)
    admin.leave()
    serves(heir.pid)
    if (!this.#isEnding) return
    try {
      end(heir.pid)
    } catch (err) {
      succession.log.warn({ err, successor: heir.pid }, 'the new process was not told to end')
    }
  }

  /** A connection that moves takes over the places that the successor has been told of. So that one is told first. */
  #moveLater(heir: Heir, handOver: Serving['handOver']): void {
    const move = async (): Promise<void> => {
      await Promise.race([this.#tell(heir), heir.gone.reached])
      await this.#host.handOver(handOver)
      this.#moveLater(heir, handOver)
    }
    this.#moving = setTimeout(() => void move(), MOVE_EVERY_MS)
  }

  /** Every second. If much has to be told, less often, so that it takes a small part of the time. */
  async #keepTelling(heir: Heir): Promise<void> {
    const beganAt = performance.now()
    await this.#tell(heir)
    const restMs = Math.max(TELL_LEFT_EVERY_MS, (performance.now() - beganAt) * TELL_LEFT_PART)
    this.#telling = setTimeout(() => void this.#keepTelling(heir), restMs)
  }

  /** Tells what is left after everything that was told before. It never rejects: this process has connections until the end. */
  #tell(heir: Heir): Promise<void> {
    this.#told = this.#told.then(() => this.#tellNow(heir))
    return this.#told
  }

  async #tellNow(heir: Heir): Promise<void> {
    const { succession } = this.#host
    try {
      await this.#tellLimits(heir)
      await heir.tell({ kind: 'left', ...(await leftOf(succession)) })
    } catch (err) {
      succession.log.warn({ err }, 'the new process was not told what is left in this one')
    }
  }

  /** What the successor does not know yet. */
  async #tellLimits(heir: Heir): Promise<void> {
    const counted = countedBy(this.#host.succession)
    const changed = changedCounts(this.#limits, counted)
    this.#limits = counted
    for (let from = 0; from < changed.length; from += MOST_TOLD)
      await heir.tell({ kind: 'limits', limits: changed.slice(from, from + MOST_TOLD) })
  }
}

const refusal = (why: string): MillraceError => new MillraceError('wrong-state', why)
const notSettled = (ms: number): string =>
  `a reload or a change of the config was not over within ${ms} ms (upgradeMs)`
const notReady = (ms: number): string => `the new process was not ready within ${ms} ms (upgradeMs)`
