/** A DNS client whose answers the test gives. */

import { DnsNames } from '../../../src/cluster/names/dns-names.js'
import type { NamesSettings } from '../../../src/cluster/names/settings.js'
import type { AddressRecord, Answer, DnsClient, SrvRecord } from '../../../src/dns/client.js'

interface Question {
  readonly kind: 'host' | 'srv'
  readonly name: string
  readonly done: (answer: Answer<AddressRecord & SrvRecord>) => void
}

/** Pauses have no jitter unless the test gives other random numbers. */
export const SETTINGS: NamesSettings = {
  servers: undefined,
  timeoutMs: undefined,
  tries: undefined,
  minTtlMs: 1000,
  maxTtlMs: 300_000,
  jitterPercent: 10,
  emptyAnswers: 3,
  emptyForMs: 30_000,
}
/** A random number that adds no jitter. */
export const NO_JITTER = 0.5

export class ScriptedDns implements DnsClient {
  /** The questions that wait for an answer, the oldest first. */
  readonly asked: Question[] = []

  addresses(host: string, done: (answer: Answer<AddressRecord>) => void) {
    return this.#ask({ kind: 'host', name: host, done })
  }

  srv(name: string, done: (answer: Answer<SrvRecord>) => void) {
    return this.#ask({ kind: 'srv', name, done })
  }

  get names(): string[] {
    return this.asked.map(({ name }) => name)
  }

  /** Answers the oldest question for a name. */
  answer(name: string, answer: Answer<Partial<AddressRecord & SrvRecord>>): void {
    const index = this.asked.findIndex((question) => question.name === name)
    if (index === -1) throw new Error(`nobody asks for ${name}, only for ${this.names.join(' ')}`)
    const [question] = this.asked.splice(index, 1)
    question!.done(answer as Answer<AddressRecord & SrvRecord>)
  }

  found(name: string, ips: readonly string[], ttlMs = 30_000): void {
    this.answer(name, records(ips.map((ip) => ({ ip, ttlMs }))))
  }

  empty(name: string, code: 'NXDOMAIN' | 'NODATA' = 'NXDOMAIN'): void {
    this.answer(name, { kind: 'empty', code, ttlMs: undefined })
  }

  failed(name: string, code = 'SERVFAIL'): void {
    this.answer(name, { kind: 'failed', code })
  }

  #ask(question: Question) {
    this.asked.push(question)
    return {
      cancel: () => {
        const index = this.asked.indexOf(question)
        if (index !== -1) this.asked.splice(index, 1)
      },
    }
  }
}

export const records = <R>(records: readonly R[]): Answer<R> => ({
  kind: 'records',
  records,
  failedFamily: undefined,
})

/** A SRV record `host:port/priority/weight`, with the addresses of the host if the answer has them. */
export function srv(text: string, addresses: readonly string[] = [], ttlMs = 30_000): SrvRecord {
  const [, target = '', port, priority, weight] = /^(.*):(\d+)\/(\d+)\/(\d+)$/.exec(text) ?? []
  return {
    target,
    port: Number(port),
    priority: Number(priority),
    weight: Number(weight),
    ttlMs,
    addresses: addresses.map((ip) => ({ ip, ttlMs })),
  }
}

/** A provider of names that have these addresses. Each host that is asked for is added to `asked`. */
export function namesWith(
  addresses: Readonly<Record<string, readonly string[]>>,
  asked: string[] = [],
): DnsNames {
  const client: DnsClient = {
    addresses: (host, done) => {
      const name = host.replace(/\.$/, '')
      asked.push(name)
      const found = (addresses[name] ?? []).map((ip) => ({ ip, ttlMs: 30_000 }))
      const answer = found.length > 0 ? records(found) : NXDOMAIN
      const immediate = setImmediate(() => done(answer))
      return { cancel: () => clearImmediate(immediate) }
    },
    srv: (_, done) => {
      const immediate = setImmediate(() => done(NXDOMAIN))
      return { cancel: () => clearImmediate(immediate) }
    },
  }
  return new DnsNames(SETTINGS, { createClient: () => client })
}

const NXDOMAIN = { kind: 'empty', code: 'NXDOMAIN', ttlMs: undefined } as const
