/**
 * One backend with active checks, an agent, or both. It knows where to connect, and what is done there. When that is done,
 * and what it means, is decided in `src/cluster/health/checks/`.
 */
import type { ResolvedAddress } from '../../address.js'
import { Agent, type AgentWords } from '../../cluster/health/checks/agent.js'
import { type CheckCounts, type CheckResult, Checks, unchecked } from '../../cluster/health/checks/checks.js'
import type { Underway } from '../../cluster/health/checks/rounds.js'
import type { AgentVerdict, CheckVerdict } from '../../cluster/health/verdict.js'
import type { Endpoints } from '../../cluster/names/endpoints.js'
import { checkSetup } from '../../cluster/own-sockets.js'
import type { ActiveVerdict } from '../../cluster/shared-verdict.js'
import type { AgentConfig, CheckConfig } from '../../config/schemas/check-schema.js'
import type { HealthConfig } from '../../config/schemas/health-schema.js'
import type { ClusterSocket } from '../../config/schemas/socket-schema.js'
import type { AgentReply } from '../../probes/agent-reply.js'
import type { ProbeResult } from '../../probes/check.js'
import type { ProbeQueue } from './probe-queue.js'
import type { Probes } from './probes.js'

export interface CheckedBackendHost {
  readonly probes: Probes
  readonly queue: ProbeQueue
  /** The host name of the server, or its IP address. Undefined for a unix socket. */
  readonly host: string | undefined
  /** The weight that its source gives or an operator has set. */
  weight(): number
  /** Where it is reached. Undefined: there is no such backend. */
  endpoints(): Endpoints | undefined
  ended(result: ProbeResult): void
  checked(verdict: CheckVerdict | undefined): void
  agentSaid(verdict: AgentVerdict | undefined): void
  random(): number
}

/** ms between two looks at a name that has no address yet. */
const LOOK_EVERY_MS = 200

export interface Watched extends Pick<HealthConfig, 'check' | 'agent'> {
  /** How sockets to the backends are set up. Undefined: as the system has them. */
  readonly socket?: ClusterSocket | undefined
}

export class CheckedBackend {
  readonly #host: CheckedBackendHost
  /** The files of its TLS may have other contents after a reload, so each check has the present config. */
  #check: CheckConfig | undefined
  #agentConfig: AgentConfig | undefined
  #socket: ClusterSocket | undefined
  #checks: Checks | undefined
  #agent: Agent | undefined
  #counts: CheckCounts | undefined
  /** Connects in a row that failed, each at the next address. */
  #addressesFailed = 0
  #isRunning = false

  /** `counts`: of earlier checks of this backend. */
  constructor(host: CheckedBackendHost, counts: CheckCounts | undefined) {
    this.#host = host
    this.#counts = counts
  }

  get counts(): CheckCounts | undefined {
    return this.#checks?.verdict ?? this.#counts
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Takes the present config. `isSame`: it says the same as before. What is known of the backend stays. */
  update({ check, agent, socket }: Watched, isSame: boolean): void {
    this.#check = check
    this.#socket = socket
    this.#agentConfig = agent
    if (isSame) return
    this.stop()
    this.#renewChecks(check)
    this.#renewAgent(agent)
  }

  get checked(): CheckVerdict | undefined {
    return this.#checks?.verdict
  }

  get agentSaid(): AgentVerdict | undefined {
    return this.#agent?.verdict
  }

  /** Another process has found this. It counts only while this one knows nothing itself. */
  restore({ about, verdict }: ActiveVerdict): void {
    if (verdict === undefined) return
    if (about === 'checks') this.#checks?.restore(verdict)
    else this.#agent?.restore(verdict)
  }

  /** First checks and questions are due in `afterMs`. */
  begin(afterMs: number): void {
    this.#isRunning = true
    this.#checks?.begin(afterMs)
    this.#agent?.begin(afterMs)
  }

  /** Until `begin` is called again. What is known of the backend stays. */
  stop(): void {
    this.#isRunning = false
    this.#checks?.stop()
    this.#agent?.stop()
  }

  #renewChecks(policy: CheckConfig | undefined): void {
    const before = this.#checks?.verdict
    this.#counts = before ?? this.#counts
    this.#checks = undefined
    if (policy === undefined) {
      if (before !== undefined) this.#host.checked(undefined)
      return
    }
    const host = {
      policy,
      check: (done: (result: CheckResult | undefined) => void) => this.#probe(done),
      tell: (verdict: CheckVerdict) => this.#host.checked(verdict),
      random: this.#host.random,
    }
    this.#checks = new Checks(host, before ?? unchecked(policy, this.#counts))
  }

  #renewAgent(config: AgentConfig | undefined): void {
    const before = this.#agent?.verdict
    this.#agent = undefined
    if (config === undefined) {
      if (before !== undefined) this.#host.agentSaid(undefined)
      return
    }
    const host = {
      everyMs: config.everyMs,
      ask: (done: (words: AgentWords | undefined) => void) => this.#ask(done),
      tell: (verdict: AgentVerdict) => this.#host.agentSaid(verdict),
      random: this.#host.random,
    }
    this.#agent = new Agent(host, before)
  }

  #probe(done: (result: CheckResult | undefined) => void): Underway {
    const { probes, queue, host } = this.#host
    const { probe, port, timeoutMs, tls, startTls, sendProxy } = this.#check!
    return this.#whenReached((at) => {
      const address = withPort(at, port)
      const setup = checkSetup(this.#socket, address)
      const target = { address, setup, host, tls, startTls, sendProxy, timeoutMs }
      return queue.run((over) =>
        probes.probe(probe, target, (result) => {
          over()
          this.#host.ended(result)
          done(this.#tellsNothing(result, at) ? undefined : result)
        }),
      )
    })
  }

  /** Of a lack of our own, or of a connect that failed while another address of the name may work. */
  #tellsNothing({ passed, reason }: ProbeResult, at: ResolvedAddress): boolean {
    if (reason === 'SOCKERR') return true
    if (passed || !reason.startsWith('L4')) {
      this.#addressesFailed = 0
      return false
    }
    const endpoints = this.#host.endpoints()
    endpoints?.failedAlone(at)
    this.#addressesFailed += 1
    return this.#addressesFailed < (endpoints?.all.length ?? 0)
  }

  #ask(done: (words: AgentWords | undefined) => void): Underway {
    const { probes, queue } = this.#host
    const { port, send, timeoutMs } = this.#agentConfig!
    return this.#whenReached((at) => {
      const address = withPort(at, port)
      const target = { address, setup: checkSetup(this.#socket, address), send, timeoutMs }
      return queue.run((over) =>
        probes.askAgent(target, (reply) => {
          over()
          done(reply && this.#wordsOf(reply))
        }),
      )
    })
  }

  /** Begins as soon as the name of the backend has an address. */
  #whenReached(begin: (at: ResolvedAddress) => Underway): Underway {
    let underway: Underway
    const look = (): void => {
      const at = this.#host.endpoints()?.current
      if (at !== undefined) {
        underway = begin(at)
        return
      }
      const timer = setTimeout(look, LOOK_EVERY_MS).unref()
      underway = { cancel: () => clearTimeout(timer) }
    }
    look()
    return { cancel: () => underway.cancel() }
  }

  /** An agent can say a weight, or a part of the one that holds. */
  #wordsOf({ weight, ...words }: AgentReply): AgentWords {
    if (weight === undefined) return words
    const whole = this.#host.weight()
    return whole === 0 ? words : { ...words, weightPercent: (100 * weight) / whole }
  }
}

const withPort = (at: ResolvedAddress, port: number | undefined): ResolvedAddress =>
  at.kind === 'unix' || port === undefined ? at : { ...at, port }
