/**
 * The upgrade as the process sees it that serves. It starts its successor, hands over when that one could serve, and then drains.
 * Whatever fails before the successor serves changes nothing: this process goes on.
 */
import type { Address } from '../address.js'
import type { KeptChange } from '../config/changes/change.js'
import type { Upgraded } from '../control/answers.js'
import { MillraceError } from '../errors.js'
import { activatedSockets } from '../io/listening/activated-sockets.js'
import { changedPlaces } from '../limits/counts/places-of-another.js'
import { VERSION } from '../version.js'
import type { RoutedControl } from './forwarding.js'
import { Heir } from './heir.js'
import type { Begin, HeldPlaces, Serving } from './messages.js'
import { PROTOCOL } from './protocol.js'
import { leftOf, stateOf } from './state.js'
import type { Succession } from './succession.js'
import { inheritedAs, type StartSuccessor } from './successor-process.js'

/** ms. From the state on, a successor has only to take it up. Clients wait meanwhile. */
const TAKE_UP_WITHIN_MS = 10_000
const TELL_LEFT_EVERY_MS = 1000
/** Connections that could not move may have a backend by then, or no bytes in this process any more. */
const MOVE_EVERY_MS = 1000

/** The admin addresses of this process. */
export interface AdminDoor {
  readonly sockets: readonly { readonly address: Address; readonly isDefault: boolean; readonly fd: number }[]
  /** Another process answers there from now on. The file of a unix socket stays. */
  leave(): void
}

export interface UpgradeHost {
  readonly succession: Succession
  /** What the admin addresses ask. */
  readonly routed: RoutedControl
  readonly admin: AdminDoor
  /** Changes to the config that are not in its file. */
  changes(): readonly KeptChange[]
  readonly start: StartSuccessor
  /** The process that served before this one. Its counts and places pass through this process. Undefined: there is none. */
  readonly predecessorGone: Promise<void> | undefined
  /** Called when the successor serves, before this process drains. */
  serves(pid: number): void
  /** The processes of the successor take connections over at these unix sockets. */
  handOver(paths: Serving['handOver']): Promise<void>
}

export class Upgrade {
  readonly #host: UpgradeHost
  #isRunning = false
  #heir: Heir | undefined
  #hasState = false
  #places: readonly HeldPlaces[] = []
  #telling: NodeJS.Timeout | undefined
  #moving: NodeJS.Timeout | undefined

  constructor(host: UpgradeHost) {
    this.#host = host
  }

  /** Whether a successor exists, or is about to. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Resolves when the successor serves. Rejects if it does not, and then nothing has changed. */
  async run(): Promise<Upgraded> {
    const { succession } = this.#host
    this.#check()
    const { log, config } = succession
    const beganAt = performance.now()
    this.#isRunning = true
    try {
      const heir = this.#begin()
      log.info({ successor: heir.pid }, `upgrading: process ${heir.pid} starts`)
      const version = await heir.ready.within(config.upgradeMs, notReady(config.upgradeMs))
      const serving = await this.#handOver(heir)
      const tookMs = Math.round(performance.now() - beganAt)
      log.info({ successor: heir.pid, version, tookMs }, `upgraded: process ${heir.pid} serves`)
      // The answer to the order goes out first.
      setImmediate(() => void this.#leave(heir, serving))
      return { pid: heir.pid, version, tookMs }
    } catch (error) {
      await this.#stay()
      log.error({ err: error }, 'the upgrade failed: this process goes on')
      throw error
    }
  }

  /** This process ends. A successor that does not serve yet must not serve either. */
  abort(): void {
    if (!this.#hasState) void this.#heir?.kill()
  }

  /** The last connection has ended. Resolves when the successor knows it. */
  async finish(): Promise<void> {
    const heir = this.#heir
    if (heir === undefined) return
    // A process that was told to end must not leave another one behind.
    if (!this.#hasState) return await heir.kill()
    await Promise.race([this.#host.predecessorGone, heir.gone.reached])
    clearInterval(this.#telling)
    clearTimeout(this.#moving)
    await this.#tell(heir)
  }

  /** @throws MillraceError `wrong-state` */
  #check(): void {
    if (this.#isRunning) throw refusal('an upgrade runs already')
    if (!this.#host.succession.isServing) throw refusal('this proxy is draining')
    if (process.pid === 1)
      throw refusal(
        'this process is the first one of its container, which ends with it: let the orchestrator replace the container',
      )
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
    if (!succession.isServing) throw refusal('this proxy is draining')
    this.#hasState = true
    routed.hold()
    await succession.pause()
    const state = await stateOf(succession)
    this.#places = state.places
    heir.hand(state)
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
    this.#heir = undefined
    this.#isRunning = false
  }

  async #leave(heir: Heir, { handOver }: Serving): Promise<void> {
    const { succession, routed, admin, serves } = this.#host
    routed.route(heir.control)
    admin.leave()
    await succession.leave()
    serves(heir.pid)
    void this.#tell(heir)
    this.#telling = setInterval(() => void this.#tell(heir), TELL_LEFT_EVERY_MS)
    await this.#host.handOver(handOver)
    void this.#tell(heir)
    this.#moveLater(handOver)
    await succession.control.drain({ deadlineMs: succession.config.timeouts.drainMs })
  }

  #moveLater(handOver: Serving['handOver']): void {
    this.#moving = setTimeout(() => {
      void this.#host.handOver(handOver).then(() => this.#moveLater(handOver))
    }, MOVE_EVERY_MS)
  }

  async #tell(heir: Heir): Promise<void> {
    const left = await leftOf(this.#host.succession)
    const places = changedPlaces(this.#places, left.places)
    this.#places = left.places
    await heir.tell({ ...left, places })
  }
}

const refusal = (why: string): MillraceError => new MillraceError('wrong-state', why)
const notReady = (ms: number): string => `the new process was not ready within ${ms} ms (upgradeMs)`
