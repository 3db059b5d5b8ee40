/** Who comes to which listener, and where that leads: what setting.ts configures, said once more. */
import type { Opening } from './openings.js'
import type { ClusterName, ListenerName } from './setting.js'

/** A way to come: to which listener, how often, and to which cluster it leads, or for which cause it is turned away. */
export interface Call {
  readonly listener: ListenerName
  readonly opening: Opening
  readonly leadsTo: ClusterName | 'proxy-header' | 'bad-hello' | 'no-sni' | 'no-route'
  readonly weight: number
}

export const CALLS: readonly Call[] = [
  { listener: 'plain', opening: 'plain', leadsTo: 'main', weight: 12 },
  { listener: 'telling', opening: 'plain', leadsTo: 'told', weight: 4 },
  { listener: 'resolving', opening: 'plain', leadsTo: 'resolved', weight: 3 },
  { listener: 'to-local', opening: 'plain', leadsTo: 'local', weight: 4 },
  { listener: 'local', opening: 'proxy-v1', leadsTo: 'main', weight: 3 },
  { listener: 'local', opening: 'bad-proxy-v1', leadsTo: 'proxy-header', weight: 0.5 },
  { listener: 'local', opening: 'plain', leadsTo: 'proxy-header', weight: 0.5 },
  { listener: 'proxied', opening: 'proxy-v1', leadsTo: 'main', weight: 1 },
  { listener: 'proxied', opening: 'proxy-v2', leadsTo: 'main', weight: 1 },
  { listener: 'proxied', opening: 'proxy-v2-local', leadsTo: 'main', weight: 0.5 },
  { listener: 'proxied', opening: 'bad-proxy-v1', leadsTo: 'proxy-header', weight: 0.5 },
  { listener: 'proxied', opening: 'bad-proxy-v2', leadsTo: 'proxy-header', weight: 0.5 },
  { listener: 'proxied', opening: 'plain', leadsTo: 'proxy-header', weight: 1 },
  { listener: 'relayed', opening: 'proxy-v1-hello-a', leadsTo: 'main', weight: 1 },
  { listener: 'relayed', opening: 'proxy-v2-hello-b', leadsTo: 'told', weight: 2 },
  { listener: 'relayed', opening: 'hello-a', leadsTo: 'proxy-header', weight: 0.5 },
  { listener: 'named', opening: 'hello-a', leadsTo: 'main', weight: 1 },
  { listener: 'named', opening: 'hello-b', leadsTo: 'told', weight: 1 },
  { listener: 'named', opening: 'hello-h2', leadsTo: 'main', weight: 1 },
  { listener: 'named', opening: 'hello-in-records', leadsTo: 'main', weight: 1 },
  { listener: 'named', opening: 'hello-of-node', leadsTo: 'told', weight: 1 },
  { listener: 'named', opening: 'hello-nobody', leadsTo: 'no-route', weight: 0.5 },
  { listener: 'named', opening: 'hello-nameless', leadsTo: 'no-route', weight: 0.5 },
  { listener: 'named', opening: 'plain', leadsTo: 'bad-hello', weight: 0.5 },
  { listener: 'named', opening: 'bad-hello', leadsTo: 'bad-hello', weight: 0.5 },
  { listener: 'lenient', opening: 'hello-nobody', leadsTo: 'main', weight: 1 },
  { listener: 'lenient', opening: 'hello-nameless', leadsTo: 'no-sni', weight: 0.5 },
  { listener: 'lenient', opening: 'bad-hello', leadsTo: 'told', weight: 1 },
  { listener: 'lenient', opening: 'plain', leadsTo: 'told', weight: 1 },
]

export const callOf = (listener: ListenerName, opening: Opening): Call =>
  CALLS.find((call) => call.listener === listener && call.opening === opening)!
