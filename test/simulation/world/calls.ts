/** Which clients come to which listener, and where that leads. It repeats what setting.ts configures, as a check. */
import type { Opening } from './openings.js'

export type ListenerName =
  | 'plain'
  | 'proxied'
  | 'relayed'
  | 'named'
  | 'lenient'
  | 'telling'
  | 'resolving'
  | 'local'
  | 'to-local'
  | 'web'
  | 'forwarding'
  | 'postgres'
  | 'mixed'
  | 'passing'
/**
 * Backends of `told` are sent a PROXY header. Those of `resolved` have host names, and those of `local` unix sockets. Those
 * of `web` and `forwarded` speak HTTP, and those of `database` Postgres.
 */
export type ClusterName = 'main' | 'told' | 'resolved' | 'local' | 'web' | 'forwarded' | 'database'

/** One kind of client: its listener, its first bytes, the cluster or the cause of refusal, and how frequent it is. */
export interface Call {
  readonly listener: ListenerName
  readonly opening: Opening
  readonly leadsTo:
    | ClusterName
    | 'proxy-header'
    | 'bad-hello'
    | 'no-sni'
    | 'no-route'
    | 'upgrade-required'
    | 'bad-request'
    | 'bad-start-up'
  readonly weight: number
}

export const CALLS: readonly Call[] = [
  { listener: 'plain', opening: 'plain', leadsTo: 'main', weight: 12 },
  { listener: 'telling', opening: 'plain', leadsTo: 'told', weight: 4 },
  { listener: 'resolving', opening: 'plain', leadsTo: 'resolved', weight: 3 },
  { listener: 'web', opening: 'upgrade', leadsTo: 'web', weight: 3 },
  { listener: 'web', opening: 'request', leadsTo: 'upgrade-required', weight: 0.5 },
  { listener: 'web', opening: 'bad-request', leadsTo: 'bad-request', weight: 0.5 },
  { listener: 'forwarding', opening: 'upgrade', leadsTo: 'forwarded', weight: 1 },
  { listener: 'forwarding', opening: 'request', leadsTo: 'forwarded', weight: 2 },
  { listener: 'postgres', opening: 'start-up', leadsTo: 'main', weight: 1 },
  { listener: 'postgres', opening: 'start-up-of-nobody', leadsTo: 'no-route', weight: 0.5 },
  { listener: 'postgres', opening: 'plain', leadsTo: 'bad-start-up', weight: 0.5 },
  { listener: 'postgres', opening: 'tls-at-once', leadsTo: 'database', weight: 1 },
  { listener: 'postgres', opening: 'tls-asked', leadsTo: 'database', weight: 3 },
  { listener: 'mixed', opening: 'plain', leadsTo: 'told', weight: 2 },
  { listener: 'mixed', opening: 'start-up', leadsTo: 'main', weight: 1 },
  { listener: 'mixed', opening: 'hello-a', leadsTo: 'main', weight: 1 },
  { listener: 'mixed', opening: 'hello-nobody', leadsTo: 'no-route', weight: 0.5 },
  { listener: 'mixed', opening: 'bad-hello', leadsTo: 'bad-hello', weight: 0.5 },
  { listener: 'passing', opening: 'passed-request', leadsTo: 'main', weight: 3 },
  { listener: 'passing', opening: 'bad-request', leadsTo: 'bad-request', weight: 0.5 },
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
