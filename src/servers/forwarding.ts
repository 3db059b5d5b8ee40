/** What all clients of one forward server share: its options, its own addresses, its resolver, its pipes and its records. */
import type { Server } from 'node:net'
import type { Read } from '../arguments.js'
import { AddressCheck } from '../cluster/egress/address-check.js'
import { OwnAddresses } from '../cluster/egress/own-addresses.js'
import { createDnsClient, type DnsClient } from '../dns/client.js'
import type { RunningPipe } from '../pipe/join.js'
import type { PipeOptionsOfServers } from '../pipe/options.js'
import {
  DEFAULT_TIMEOUTS,
  type ForwardRecord,
  type ForwardServer,
  type ForwardServerOptions,
} from './options.js'
import { Telling } from './telling.js'

type Timeouts = { readonly [Name in 'requestTimeoutMs' | 'functionTimeoutMs' | 'connectTimeoutMs']: number }

export class Forwarding {
  readonly allow: ForwardServerOptions['allow']
  readonly authenticate: ForwardServerOptions['authenticate']
  readonly timeouts: Timeouts
  readonly pipeSettings: PipeOptionsOfServers
  readonly pipes = new Set<RunningPipe>()
  readonly records: Telling<ForwardRecord>
  #own = new OwnAddresses([], () => performance.now())
  #names: DnsClient | undefined

  constructor(options: Read<ForwardServerOptions>) {
    const {
      allow,
      authenticate,
      onRecord,
      requestTimeoutMs,
      functionTimeoutMs,
      connectTimeoutMs,
      ...pipeSettings
    } = {
      ...DEFAULT_TIMEOUTS,
      ...options,
    }
    this.allow = allow
    this.authenticate = authenticate
    this.records = new Telling(onRecord)
    this.timeouts = { requestTimeoutMs, functionTimeoutMs, connectTimeoutMs }
    this.pipeSettings = pipeSettings
  }

  /** Gives `server` its set of pipes, and learns where it listens: no client may come back through it. */
  join(server: Server): ForwardServer {
    server.on('listening', () => {
      const at = server.address()
      const listeners =
        typeof at === 'object' && at !== null
          ? [{ kind: 'tcp', host: at.address, port: at.port } as const]
          : []
      this.#own = new OwnAddresses(listeners, () => performance.now())
    })
    return Object.assign(server, { pipes: this.pipes })
  }

  /** Made when the first name is asked for. */
  get names(): DnsClient {
    this.#names ??= createDnsClient()
    return this.#names
  }

  /** Public addresses, those of `networks`, and never the server itself. */
  addresses(networks: readonly string[]): AddressCheck {
    return new AddressCheck(networks, this.#own)
  }
}
