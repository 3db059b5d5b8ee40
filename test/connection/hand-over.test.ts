/** An end that is ordered in any moment between a connected backend and the pipe is neither lost nor an error. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packPeer } from '../../src/address.js'
import type { Backend } from '../../src/cluster/backend.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { DialResult } from '../../src/cluster/dial.js'
import { validateConfig } from '../../src/config/validate.js'
import { Connection, type ConnectionHost } from '../../src/connection/connection.js'
import { createListenerPolicy } from '../../src/connection/listener-policy.js'
import { NO_LIVENESS } from '../../src/io/liveness.js'
import { StreamSocket } from '../../src/io/stream-socket.js'
import { Listener } from '../../src/listener/listener.js'
import type { RecordEnding } from '../../src/observe/record.js'
import { createPipeCounters, DEFAULT_SETTINGS } from '../../src/pipe/options.js'
import { Sessions } from '../../src/postgres/sessions.js'
import { type Carriage, carriages } from '../support/carriages.js'
import { type End, Rig } from '../support/rig.js'
import { until } from '../support/wait.js'

/** More than there are between the dial's answer and the pipe. */
const MOMENTS = Array.from({ length: 24 }, (_, i) => i)

const kinds = carriages().filter(({ name }) => name === 'kernel carrier' || name === 'stream carrier')

describe.each(kinds)('with the $name', (carriage: Carriage) => {
  let rig: Rig
  let near: End
  let far: End
  beforeEach(async () => {
    rig = new Rig(carriage)
    near = await rig.accept()
    far = await rig.dial()
  })
  afterEach(async () => {
    for (const [peer] of [near, far]) peer.socket.destroy()
    await Promise.all([near, far].map(([peer]) => peer.closed))
    // A stream closes a moment after it was told to.
    for (const [, socket] of [near, far]) {
      if (socket instanceof StreamSocket) await until(() => socket.stream.closed)
    }
    expect(await rig.finish()).toEqual([])
  })

  it.each(MOMENTS)('an end %i microtasks after the backend is there is one', async (moment) => {
    const endings: RecordEnding[] = []
    let answer: ((result: DialResult) => void) | undefined
    const connection = connect(
      rig,
      near,
      (done) => {
        answer = done
      },
      endings,
    )
    await until(() => answer !== undefined)
    const backend = { name: 'b:1', release: () => {} } as unknown as Backend
    const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const
    answer!({ socket: far[1], backend, address, retries: 0 } as DialResult)
    for (let i = 0; i < moment; i++) await null
    connection.end('ordered')
    await until(() => endings.length > 0)
    expect(endings).toMatchObject([{ by: 'proxy', cause: 'ordered' }])
    expect([near, far].map(([, socket]) => socket.isClosed)).toEqual([true, true])
    connection.end('ordered')
    connection.facts()
    expect(endings).toHaveLength(1)
  })
})

/** A connection whose route function says where it goes, and whose dial the test answers. */
function connect(
  { engine }: Rig,
  [, socket]: End,
  dialled: (done: (result: DialResult) => void) => void,
  endings: RecordEnding[],
): Connection {
  const { listeners } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', route: () => 'back' }],
    clusters: { back: { backends: ['127.0.0.1:2'] } },
  })
  const config = listeners[0]!
  const policy = createListenerPolicy(config, 0, () => false, undefined)
  const cluster = {
    dial: (_: unknown, done: (result: DialResult) => void) => {
      dialled(done)
      return { cancel: () => {} }
    },
  } as unknown as Cluster
  const host: ConnectionHost = {
    engine,
    dialOptions: { connectMs: 1000 },
    nextId: () => '01ARYZ6S410000000000000000',
    sessions: new Sessions(),
    failed: (_, __, error) => {
      throw error
    },
    connected: () => {},
    answered: () => {},
    ended: (_, ending) => endings.push(ending),
  }
  const destination = {
    cluster,
    pipes: { turns: engine.turns, settings: DEFAULT_SETTINGS, counters: createPipeCounters() },
    preamble: { sendProxy: undefined, origination: undefined, startTls: undefined, responseMs: 0, idleMs: 0 },
    liveness: NO_LIVENESS,
  }
  const service = {
    listener: new Listener(config),
    name: 'front',
    tags: {},
    policy,
    destination: undefined,
    destinations: new Map([['back', destination]]),
  }
  const connection = new Connection(host, service, socket, packPeer(0x7f000001, 2))
  connection.start()
  return connection
}
