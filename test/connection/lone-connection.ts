/** A connection without a proxy around it. The test is its only cluster, and is told how the connection ended. */
import { packPeer } from '../../src/address.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { DialRequest, DialResult } from '../../src/cluster/dial.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { Connection } from '../../src/connection/connection.js'
import type { ConnectionHost } from '../../src/connection/connection-host.js'
import { createListenerPolicy } from '../../src/connection/listener-policy.js'
import type { Destination } from '../../src/connection/service.js'
import { ToldClients } from '../../src/connection/told-clients.js'
import type { Engine } from '../../src/io/engine.js'
import { NO_LIVENESS } from '../../src/io/liveness.js'
import type { Socket } from '../../src/io/socket.js'
import { Gate } from '../../src/limits/gate.js'
import { Listener } from '../../src/listener/listener.js'
import type { RecordEnding } from '../../src/observe/records/record.js'
import { createPipeCounters, DEFAULT_SETTINGS } from '../../src/pipe/options.js'
import { Sessions } from '../../src/postgres/sessions.js'
import { Originations } from '../../src/tls/originations.js'

export const CONNECT_MS = 1234

interface Around {
  readonly engine: Engine
  /** The config of the listener that accepted it. Its only cluster is `back`. */
  readonly listener: Partial<ListenerInput>
  dial(request: DialRequest, done: (result: DialResult) => void): void
  ended(ending: RecordEnding): void
  /** Gets the error that a step has thrown. Default: throws it on. */
  failed?(cause: string, error: unknown): void
}

/** Creates the connection of a client at 127.0.0.1:2. It is not started yet. */
export function loneConnection(
  socket: Socket,
  { engine, listener, dial, ended, failed }: Around,
): Connection {
  const { listeners } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'] } },
  })
  const config = listeners[0]!
  const destination: Destination = {
    cluster: {
      name: 'back',
      dial: (request: DialRequest, done: (result: DialResult) => void) => {
        dial(request, done)
        return { cancel: () => {} }
      },
    } as unknown as Cluster,
    pipes: { runQueue: engine.runQueue, settings: DEFAULT_SETTINGS, counters: createPipeCounters() },
    preamble: { sendProxy: undefined, origination: undefined, startTls: undefined, responseMs: 0, idleMs: 0 },
    liveness: NO_LIVENESS,
    dialsBySni: false,
    connectMs: CONNECT_MS,
    refuseAs: undefined,
    limits: undefined,
  }
  const host: ConnectionHost = {
    engine,
    nextId: () => '01ARYZ6S410000000000000000',
    explanationOf: () => undefined,
    originations: new Originations(),
    sessions: new Sessions(),
    told: new ToldClients(1),
    failed: (_, cause, error) => {
      if (failed === undefined) throw error
      failed(cause, error)
    },
    admitNamed: () => undefined,
    enter: () => 'in',
    connected: () => {},
    lasts: () => {},
    answered: () => {},
    joined: () => {},
    left: () => {},
    ended: (_, ending) => ended(ending),
  }
  const service = {
    listener: new Listener(config),
    name: 'front',
    tags: {},
    gate: new Gate([]),
    limits: undefined,
    policy: createListenerPolicy(
      config,
      { firstBytesMs: 0, routeMs: 0 },
      () => ({ isTold: false, isKeyedBySni: false, dialsBySni: false }),
      undefined,
    ),
    destination: config.cluster === undefined ? undefined : destination,
    withoutCluster: destination,
    destinations: new Map([['back', destination]]),
    refuseAs: 'reset' as const,
  }
  return new Connection(host, service, socket, packPeer(0x7f000001, 2))
}
