/** What a name means: by the files of this machine, by DNS in each domain that is searched, or by getaddrinfo(3). */
import { isIP } from 'node:net'
import { type AddressRecord, type Answer, failed, type SrvRecord } from './answer.js'
import { type AskPolicy, askServers, type Shared } from './ask.js'
import type { DnsServer } from './exchange.js'
import { bothFamilies } from './families.js'
import { candidates, isAskable } from './host-name.js'
import { inOrderOfUse } from './reachable.js'
import { addressesIn, servicesIn } from './reply.js'
import { type System, systemAnswer } from './system/system.js'

/** What the user of the client says about its questions. What is undefined is as resolv.conf has it. */
export interface Preferences {
  readonly servers: readonly DnsServer[] | undefined
  readonly timeoutMs: number | undefined
  readonly tries: number | undefined
}

export class Resolution {
  readonly #preferences: Preferences
  readonly #system: System
  readonly #shared: Shared

  constructor(preferences: Preferences, system: System, shared: Shared) {
    this.#preferences = preferences
    this.#system = system
    this.#shared = shared
  }

  /** The addresses of a host: an IP address means itself. */
  async addresses(host: string, signal: AbortSignal): Promise<Answer<AddressRecord>> {
    const name = host.toLowerCase()
    const complete = name.replace(/\.$/, '')
    if (isIP(complete) !== 0) return systemAnswer([complete])
    const known = this.#system.addressesOf(complete)
    if (known !== undefined) return systemAnswer(known)
    if (!isAskable(complete)) return failed('BADNAME')
    const finder = this.#preferences.servers === undefined ? this.#system.finderOf(complete) : 'dns'
    if (finder === 'system') return await this.#lookup(name, signal)
    const answer = await this.#search(name, signal, (each) => this.#bothFamilies(each, signal))
    if (answer.kind === 'records') return { ...answer, records: await inOrderOfUse(answer.records) }
    if (finder === 'dns' || signal.aborted) return answer
    return this.#orFromSystem(answer, name, signal)
  }

  /** The SRV records of a service. Neither the hosts file nor getaddrinfo(3) knows services. */
  async services(service: string, signal: AbortSignal): Promise<Answer<SrvRecord>> {
    const name = service.toLowerCase()
    if (!isAskable(name.replace(/\.$/, ''))) return failed('BADNAME')
    return await this.#search(name, signal, (each) =>
      askServers(this.#policy, this.#shared, { name: each, type: 'SRV' }, signal, (packet) =>
        servicesIn(packet, each),
      ),
    )
  }

  get #policy(): AskPolicy {
    const { servers, timeoutMs, tries } = this.#preferences
    const conf = this.#system.resolvConf
    const ofSystem = conf.servers.length > 0 ? conf.servers : this.#system.servers()
    return {
      servers: servers ?? ofSystem,
      rotate: servers === undefined && conf.rotate,
      timeoutMs: timeoutMs ?? conf.timeoutMs,
      tries: tries ?? conf.tries,
    }
  }

  async #bothFamilies(name: string, signal: AbortSignal): Promise<Answer<AddressRecord>> {
    const policy = this.#policy
    const ask = (type: 'A' | 'AAAA') =>
      askServers(policy, this.#shared, { name, type }, signal, (packet) => addressesIn(packet, name, type))
    return bothFamilies(...(await Promise.all([ask('A'), ask('AAAA')])))
  }

  /**
   * Asks for a name in one domain after the other until one has records. A domain whose servers fail is passed over. If
   * nobody answers at all, no further domain is tried, as in getaddrinfo(3).
   */
  async #search<R>(
    name: string,
    signal: AbortSignal,
    ask: (candidate: string) => Promise<Answer<R>>,
  ): Promise<Answer<R>> {
    const answers: Answer<R>[] = []
    for (const candidate of candidates(name, this.#system.resolvConf)) {
      const answer = await ask(candidate)
      answers.push(answer)
      const isOver = answer.kind === 'failed' && answer.code !== 'SERVFAIL'
      if (answer.kind === 'records' || isOver || signal.aborted) return answer
    }
    return withoutRecords(answers)
  }

  async #orFromSystem(
    answer: Answer<AddressRecord>,
    name: string,
    signal: AbortSignal,
  ): Promise<Answer<AddressRecord>> {
    const others = await this.#lookup(name, signal)
    return others.kind === 'empty' ? answer : others
  }

  async #lookup(name: string, signal: AbortSignal): Promise<Answer<AddressRecord>> {
    const answer = await this.#shared.lookupLimit.run(signal, () => this.#system.lookup(name))
    return answer ?? failed('BUSY')
  }
}

/**
 * What answers without records say together. If one domain failed, the name may be there. If the name exists in one domain,
 * it is said to exist.
 */
function withoutRecords<R>(answers: readonly Answer<R>[]): Answer<R> {
  return (
    answers.find(({ kind }) => kind === 'failed') ??
    answers.find((answer) => answer.kind === 'empty' && answer.code === 'NODATA') ??
    answers.at(-1) ??
    failed('BADNAME')
  )
}
