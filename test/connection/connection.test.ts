/** One connection with a mock dial and a mock client: nothing happens twice, and nothing too early. */
import { beforeEach, describe, expect, it } from 'vitest'
import { packPeer } from '../../src/address.js'
import type { Backend } from '../../src/cluster/backend.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { DialResult } from '../../src/cluster/dial.js'
import { Connection } from '../../src/connection/connection.js'
import type { ConnectionHost } from '../../src/connection/connection-host.js'
import type { Destination } from '../../src/connection/service.js'
import { ToldClients } from '../../src/connection/told-clients.js'
import { NO_LIVENESS } from '../../src/io/liveness.js'
import { RunQueue } from '../../src/io/run-queue.js'
import { BROKEN, type Socket } from '../../src/io/socket.js'
import { StreamEngine } from '../../src/io/streams/stream-engine.js'
import { Gate } from '../../src/limits/gate.js'
import { Listener } from '../../src/listener/listener.js'
import type { RecordEnding } from '../../src/observe/records/record.js'
import { createPipeCounters, DEFAULT_SETTINGS } from '../../src/pipe/options.js'
import { Sessions } from '../../src/postgres/sessions.js'
import { Originations } from '../../src/tls/originations.js'

const listener = new Listener({
  name: 'front',
  address: { kind: 'tcp', host: '127.0.0.1', port: 1 },
  ipv6Only: false,
})

describe('a connection that waits for its backend', () => {
  let client: Socket & { resets: number }
  let answer: (result: DialResult) => void
  let cancelled: number
  let endings: RecordEnding[]
  let connection: Connection

  beforeEach(() => {
    client = fakeSocket()
    cancelled = 0
    endings = []
    const cluster = {
      name: 'back',
      dial: (_options: unknown, done: typeof answer) => {
        answer = done
        return { cancel: () => cancelled++ }
      },
    } as unknown as Cluster
    const host: ConnectionHost = {
      engine: new StreamEngine('switched-off'),
      nextId: () => '01ARYZ6S410000000000000000',
      admitNamed: () => undefined,
      enter: () => 'in',
      explanationOf: () => undefined,
      originations: new Originations(),
      sessions: new Sessions(),
      told: new ToldClients(1),
      failed: () => {
        throw new Error('there is no route function')
      },
      connected: () => {},
      lasts: () => {},
      answered: () => {},
      joined: () => {},
      left: () => {},
      ended: (_connection, ending) => endings.push(ending),
    }
    const destination: Destination = {
      cluster,
      pipes: { runQueue: new RunQueue(), settings: DEFAULT_SETTINGS, counters: createPipeCounters() },
      preamble: {
        sendProxy: undefined,
        origination: undefined,
        startTls: undefined,
        responseMs: 0,
        idleMs: 0,
      },
      liveness: NO_LIVENESS,
      dialsBySni: false,
      connectMs: 1000,
      refuseAs: undefined,
      limits: undefined,
    }
    const destinations = new Map([['back', destination]])
    const service = {
      listener,
      name: 'front',
      tags: {},
      gate: new Gate([]),
      limits: undefined,
      policy: undefined,
      destination,
      destinations,
      withoutCluster: destination,
      refuseAs: 'reset' as const,
    }
    connection = new Connection(host, service, client, packPeer(0x7f000001, 2))
    connection.start()
  })

  const failWith = (error: string): void => answer({ error, backend: { name: 'b:1' } as Backend, retries: 3 })

  it('a connection that waits for its backend ends when its client is gone, and not before', () => {
    client.owner!.run()
    expect(endings).toEqual([])
    client.ready |= BROKEN
    client.error = 'ECONNRESET'
    client.owner!.run()
    expect(endings).toEqual([{ by: 'client', phase: 'connect', cause: 'client-gone', errno: 'ECONNRESET' }])
    expect(cancelled).toBe(1)
  })

  it('a connection that waits for its backend ends only once', () => {
    connection.end('ordered')
    connection.end('ordered')
    client.ready |= BROKEN
    client.owner!.run()
    connection.expire(Number.MAX_SAFE_INTEGER)
    expect(endings).toEqual([{ by: 'proxy', phase: 'connect', cause: 'ordered' }])
    expect(client.resets).toBe(1)
    expect(cancelled).toBe(1)
  })

  it.each([
    ['ECONNREFUSED', 'backend', 'no-backend'],
    ['EHOSTUNREACH', 'backend', 'no-backend'],
    ['ENOTFOUND', 'backend', 'no-backend'],
    ['ETIMEDOUT', 'backend', 'connect-timeout'],
    ['EMFILE', 'proxy', 'out-of-resources'],
    ['ENFILE', 'proxy', 'out-of-resources'],
    ['ENOBUFS', 'proxy', 'out-of-resources'],
    ['ENOSPC', 'proxy', 'out-of-resources'],
    ['EADDRNOTAVAIL', 'proxy', 'out-of-resources'],
    ['ECANCELED', 'proxy', 'ordered'],
  ])('a connection whose dial fails with %s ends by the %s with the cause %s', (error, by, cause) => {
    failWith(error)
    expect(endings).toEqual([{ by, phase: 'connect', cause, errno: error }])
    expect(client.resets).toBe(1)
  })

  it('a connection whose dial failed records the last backend and the number of retries', () => {
    failWith('ECONNREFUSED')
    const facts = connection.facts()
    expect(facts).toMatchObject({
      listener: 'front',
      client: '127.0.0.1:2',
      cluster: 'back',
      backend: 'b:1',
      retries: 3,
    })
    const never = {
      backendAddress: undefined,
      queuedMicros: undefined,
      connectMicros: undefined,
      firstByteMicros: undefined,
      backendRttMicros: undefined,
    }
    expect(facts).toMatchObject({ ...never, bytesUp: 0, bytesDown: 0 })
  })
})

const unread = (): never => {
  throw new Error('touched without a backend')
}

/** A client's socket that nobody may read, because there is no backend yet. */
function fakeSocket(): Socket & { resets: number } {
  return {
    kind: 'stream',
    notSplicing: undefined,
    ready: 0,
    owner: undefined,
    error: undefined,
    isFlushed: true,
    queuedBytes: 0,
    isClosed: false,
    resets: 0,
    shutdown: () => {
      throw new Error('shut down without a backend')
    },
    close: () => {
      throw new Error('closed in order without a backend')
    },
    reset() {
      this.resets++
    },
    peek: unread,
    read: unread,
    awaitMore: unread,
    send: unread,
    release: unread,
    setLiveness: unread,
    setPacing: unread,
    localAddress: () => undefined,
    unacknowledgedBytes: () => 0,
    tcpInfo: () => undefined,
  }
}
