/** WebSockets of an HTTP server of the user: each goes to the backend that a function names, and is joined to it by `pipe`. */
import type { IncomingMessage, Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { parseAddress } from '../address.js'
import { show } from '../arguments.js'
import { createDnsClient, type DnsClient } from '../dns/client.js'
import { pipe, type RunningPipe } from '../pipe/join.js'
import { readUpgradeArguments, type UpgradeSettings } from './arguments.js'
import { sayGoodbye } from './goodbye.js'
import { httpAnswer } from './http-answer.js'
import { mistake, Refused, toRefused } from './outcome.js'
import { Presence } from './presence.js'
import { type Reached, reachAddress } from './reach.js'
import { Telling } from './telling.js'
import { askBackend, passOn } from './upgrade-backend.js'
import { fieldsForBackend, readUpgrade, type UpgradeRequest } from './upgrade-heads.js'
import type { UpgradeHandler, UpgradeOptions, UpgradeRecord, UpgradeRoute } from './upgrade-options.js'
import { ask, within } from './within.js'

/** Who names the backend has decided about its addresses. */
const ANY_ADDRESS = { whyNot: () => undefined }

/** What all upgrades of one server share. */
interface Shared {
  readonly route: UpgradeRoute
  readonly settings: UpgradeSettings
  readonly records: Telling<UpgradeRecord>
  readonly pipes: Set<RunningPipe>
  names: DnsClient | undefined
}

/**
 * Handles the event 'upgrade' of a server: `route` names the backend of each WebSocket. The backend gets the request with its fields in
 * their order, and the client gets the answer. If that is 101 and right, `pipe` joins both. Requests for other protocols get 400.
 *
 * @throws MillraceError `bad-argument`
 */
export function upgradeHandler(
  server: Server | SecureServer,
  route: UpgradeRoute,
  options?: UpgradeOptions,
): UpgradeHandler {
  const settings = readUpgradeArguments(server, route, options)
  const shared: Shared = {
    route,
    settings,
    records: new Telling(settings.onRecord),
    pipes: new Set(),
    names: undefined,
  }
  const upgrade = (request: IncomingMessage, client: Duplex, head: Buffer): void =>
    void new Upgrade(shared, request, client).serve(head)
  server.on('upgrade', upgrade)
  return { pipes: shared.pipes, remove: () => void server.off('upgrade', upgrade) }
}

class Upgrade {
  readonly #shared: Shared
  readonly #incoming: IncomingMessage
  readonly #client: Duplex
  readonly #presence: Presence
  readonly #began = performance.now()
  #request: UpgradeRequest | undefined
  #reached: Reached | undefined

  constructor(shared: Shared, incoming: IncomingMessage, client: Duplex) {
    this.#shared = shared
    this.#incoming = incoming
    this.#client = client
    this.#presence = new Presence(client)
  }

  /** `head`: bytes that came behind the request. Never rejects. */
  async serve(head: Buffer): Promise<void> {
    try {
      const request = readUpgrade(this.#incoming)
      this.#request = request
      this.#reached = await this.#reach()
      await this.#exchange(request, this.#reached.socket, head)
    } catch (error) {
      const refused = toRefused(error)
      sayGoodbye(this.#client, httpAnswer(refused.status))
      this.#reached?.socket.destroy()
      this.#over({ outcome: refused.outcome, status: refused.status, refused })
    }
  }

  async #reach(): Promise<Reached> {
    const { route, settings } = this.#shared
    const { address: client, gone } = this.#presence
    const returned = await ask(settings.functionTimeoutMs, gone, (signal) =>
      route(this.#incoming, { client, signal }),
    )
    const address = typeof returned === 'string' ? parseAddress(returned) : notAllowed(returned)
    if (typeof address === 'string')
      throw mistake(new TypeError(`route returned ${show(returned)}: ${address}`))
    this.#shared.names ??= createDnsClient()
    const { connectTimeoutMs } = settings
    const way = { names: this.#shared.names, addresses: ANY_ADDRESS, connectTimeoutMs }
    return within(connectTimeoutMs, 'connect-timeout', gone, (signal) => reachAddress(address, way, signal))
  }

  async #exchange(request: UpgradeRequest, backend: Duplex, head: Buffer): Promise<void> {
    const { answerTimeoutMs, xForwarded } = this.#shared.settings
    const { address, gone } = this.#presence
    const facts = {
      clientHost: address?.kind === 'tcp' ? address.host : undefined,
      proto: 'encrypted' in this.#client ? 'https' : 'http',
      mode: xForwarded,
    } as const
    const fields = fieldsForBackend(request, facts)
    const answer = await within(answerTimeoutMs, 'answer-timeout', gone, async (signal) => {
      const answer = await askBackend(backend, request, fields, signal)
      if (answer.kind === 'final') await passOn(answer.response, this.#client, signal)
      return answer
    })
    if (answer.kind === 'accepted') await this.#pipe(backend, answer.head, head, answer.rest)
    else this.#answered(answer.response, backend)
  }

  async #pipe(backend: Duplex, answer: Buffer, head: Buffer, backendHead: Buffer): Promise<void> {
    const { pipes, settings } = this.#shared
    this.#client.write(answer)
    const running = pipe(this.#client, backend, { ...settings.pipe, head, backendHead })
    pipes.add(running)
    const record = await running
    pipes.delete(running)
    this.#over({ outcome: 'served', status: 101, pipe: record })
  }

  #answered({ statusCode = 0 }: IncomingMessage, backend: Duplex): void {
    sayGoodbye(this.#client, Buffer.alloc(0))
    backend.destroy()
    this.#over({ outcome: 'answered', status: statusCode })
  }

  #over(
    end: Pick<UpgradeRecord, 'outcome' | 'status'> & { refused?: Refused; pipe?: UpgradeRecord['pipe'] },
  ): void {
    this.#presence.end()
    const { outcome, status, refused, pipe } = end
    this.#shared.records.tell({
      outcome,
      status,
      client: this.#presence.address,
      host: this.#request?.head.authority,
      path: this.#request?.head.path,
      address: this.#reached?.address,
      reason: refused?.reason,
      error: refused?.cause,
      pipe,
      durationMs: performance.now() - this.#began,
    })
  }
}

/** Throws Refused, because the function named no backend. */
function notAllowed(returned: unknown): never {
  if (returned === undefined) throw new Refused('not-allowed', undefined, undefined, 404)
  if (Number.isInteger(returned) && Number(returned) >= 400 && Number(returned) < 600)
    throw new Refused('not-allowed', undefined, undefined, Number(returned))
  const wanted = 'return an address, a status from 400 to 599, or nothing'
  throw mistake(new TypeError(`route returned ${show(returned)}: ${wanted}`))
}
