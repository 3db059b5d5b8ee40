/** What checks find out in a world of workers, and what agents say. The answers come some time later. */

import type { AgentReply } from '../../../src/probes/agent-reply.js'
import type { Probing } from '../../../src/probes/check.js'
import type { Probes } from '../../../src/proxy/health/probes.js'
import { BACKENDS } from './setting.js'

const ANSWERED_AFTER_MS = 5

export class CheckedBackends implements Probes {
  /** By host. */
  readonly #broken = new Set<string>()
  readonly #drained = new Map<string, 'ready' | 'drain'>()

  /** From now on checks of the backend pass or fail, and its agent says this. */
  set(backend: number, works: boolean, admin: 'ready' | 'drain'): void {
    const { host } = BACKENDS[backend]!
    if (works) this.#broken.delete(host)
    else this.#broken.add(host)
    this.#drained.set(host, admin)
  }

  works(host: string): boolean {
    return !this.#broken.has(host)
  }

  /** What the agent says of the backend at this host. Undefined: it has never said anything. */
  said(host: string): 'ready' | 'drain' | undefined {
    return this.#drained.get(host)
  }

  probe: Probes['probe'] = (_, { address }, done) =>
    later(() => {
      const passed = this.works(hostOf(address))
      done({ passed, reason: passed ? 'L4OK' : 'L4CON', detail: undefined })
    })

  askAgent: Probes['askAgent'] = ({ address }, done) =>
    later(() => {
      const admin = this.said(hostOf(address))
      const reply: AgentReply | undefined = admin && { admin }
      done(reply)
    })
}

const hostOf = (address: Parameters<Probes['probe']>[1]['address']): string =>
  address.kind === 'tcp' ? address.host : address.path

function later(answer: () => void): Probing {
  const timer = setTimeout(answer, ANSWERED_AFTER_MS).unref()
  return { cancel: () => clearTimeout(timer) }
}
