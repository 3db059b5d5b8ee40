/** The rule of a running proxy: a client must pass the gate of its listener. */
import type { Address, PeerAddress } from '../address.js'
import { mayNameClients } from '../connection/listener-policy.js'
import type { Service } from '../connection/service.js'
import type { OpeningCause } from '../observe/endings.js'
import type { AdmissionRule, Decision } from './rule.js'

export class ClientRule implements AdmissionRule {
  /** A peer that may name another client is not asked for its own address: its client is, once it is known. */
  decide({ policy, gate }: Service, from: PeerAddress): Decision {
    if (policy !== undefined && mayNameClients(policy, from)) return 'go-on'
    const cause = gate.refuses(from)
    return cause === undefined ? 'go-on' : { answer: 'refuse', cause }
  }

  named({ gate }: Service, client: Address): OpeningCause | undefined {
    return gate.refuses(client)
  }
}
