/**
 * Connections of a cluster that dials the servers that its clients ask for. It decides which server a client may have. Then an
 * attempt resolves its name, checks each address and dials. The entries of `allow` are the backends of such a cluster: each
 * counts the connections that it allowed, so clients cannot make more of them.
 */
import { formatAddress } from '../address.js'
import type { Backend } from './backend.js'
import type { Dialling, DialRequest, DialResult } from './dial.js'
import { AllowList } from './egress/allow-list.js'
import { askedServer } from './egress/asked-server.js'
import { OwnAddresses } from './egress/own-addresses.js'
import type { DialPolicy } from './egress/policy.js'
import { EgressAttempt } from './egress-attempt.js'
import type { AllowedServer, EgressHost } from './egress-host.js'
import type { QueuePosition } from './queue/cluster-queue.js'

/** What it needs from its cluster. */
export interface EgressOwner extends EgressHost {
  /** The backend of an entry and a port. */
  backend(name: string): Backend
}

export class Egress {
  readonly #policy: DialPolicy
  readonly #list: AllowList
  readonly #owner: EgressOwner

  constructor(policy: DialPolicy, owner: EgressOwner) {
    this.#policy = policy
    this.#owner = owner
    this.#list = new AllowList(policy, new OwnAddresses(policy.ownListeners, owner.now))
  }

  /** `position`: where the client stood in the queue until now. */
  dial(request: DialRequest, done: (result: DialResult) => void, position?: QueuePosition): Dialling {
    const attempt = new EgressAttempt(this.#owner, request, done)
    attempt.start(this.#serverFor(request), position)
    return attempt
  }

  /** A few words that say why the client gets none, if it gets none. */
  #serverFor(request: DialRequest): AllowedServer | string {
    const asked = askedServer(request, this.#policy)
    if (typeof asked === 'string') return asked
    const allowed = this.#list.find(asked)
    if (typeof allowed === 'string') return allowed
    const name = formatAddress({ kind: 'tcp', host: allowed.name, port: asked.port })
    return {
      ...asked,
      // The dot at the end says that no search domain is to be added: it would lead to a name that is not in the list.
      question: `${asked.host}.`,
      backend: this.#owner.backend(name),
      addresses: allowed.addresses,
    }
  }
}
