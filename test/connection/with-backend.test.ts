/** One connection with a backend, or shortly before it has one: what it owns, for how long, and how it ends. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Backend } from '../../src/cluster/backend.js'
import type { DialResult } from '../../src/cluster/dial.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { Connection } from '../../src/connection/connection.js'
import { BROKEN } from '../../src/io/socket.js'
import type { StreamSocket } from '../../src/io/streams/stream-socket.js'
import type { RecordEnding } from '../../src/observe/records/record.js'
import { DEFAULT_SETTINGS } from '../../src/pipe/options.js'
import { quickHealth } from '../cluster/cluster-rig.js'
import { streamCarriage } from '../support/carriages.js'
import { type End, Rig } from '../support/rig.js'
import { until } from '../support/wait.js'
import { loneConnection } from './lone-connection.js'
import { headAt, SWITCHING, UPGRADE } from './upgrades.js'

const ADDRESS = parseAddress('127.0.0.1:2') as Address
/** Its route needs only the client's address, so the opening waits for no byte. */
const BY_ADDRESS: Partial<ListenerInput> = { routes: [{ source: ['127.0.0.1'], cluster: 'back' }] }
const HTTP: Partial<ListenerInput> = { protocol: 'http' }

let rig: Rig
let near: End
let far: End
let backend: Backend
let endings: RecordEnding[]
let failures: unknown[]
let answer: ((result: DialResult) => void) | undefined
let connection: Connection

beforeEach(async () => {
  rig = new Rig(streamCarriage)
  near = await rig.accept()
  far = await rig.dial()
  backend = new Backend(ADDRESS, 1, quickHealth())
  endings = []
  failures = []
  answer = undefined
})
afterEach(async () => {
  for (const [peer, socket] of [near, far]) {
    peer.socket.destroy()
    await peer.closed
    if (!socket.isClosed) socket.reset()
    await until(() => (socket as StreamSocket).stream.closed)
  }
  expect(await rig.finish()).toEqual([])
})

function begin(listener: Partial<ListenerInput>, dial = (): void => {}): void {
  connection = loneConnection(near[1], {
    engine: rig.engine,
    listener: { cluster: 'back', ...listener },
    dial: (_, done) => {
      dial()
      answer = done
    },
    ended: (ending) => endings.push(ending),
    failed: (cause, error) => failures.push([cause, error]),
  })
  connection.start()
}

async function connect(listener: Partial<ListenerInput> = {}): Promise<void> {
  begin(listener)
  await answerWithBackend()
}

/** The dial succeeds. */
async function answerWithBackend(): Promise<void> {
  await until(() => answer !== undefined)
  backend.dialBegan()
  backend.dialSucceeded(0)
  answer!({ socket: far[1], backend, address: ADDRESS, retries: 2 } as DialResult)
}

describe('a connection in a pipe', () => {
  it('a connection in a pipe counts at its backend until its end, and records its retries', async () => {
    await connect()
    expect(connection.facts()).toMatchObject({ backend: '127.0.0.1:2', retries: 2 })
    expect(backend.active).toBe(1)
    connection.end('ordered')
    expect(endings).toMatchObject([{ by: 'proxy', phase: 'data', cause: 'ordered' }])
    expect(backend.active).toBe(0)
  })

  it('a connection in a pipe ignores events for the wait before it', async () => {
    begin({})
    const pending = near[1].owner!
    await answerWithBackend()
    near[1].ready |= BROKEN
    pending.run()
    expect(endings).toEqual([])
    connection.end('ordered')
    expect(endings).toMatchObject([{ by: 'proxy', phase: 'data', cause: 'ordered' }])
  })

  it("a connection in a pipe ends by its pipe's idle timeout", async () => {
    await connect()
    connection.expire(performance.now() + DEFAULT_SETTINGS.idleTimeoutMs + 1000)
    expect(endings).toMatchObject([{ by: 'proxy', phase: 'data', cause: 'idle-timeout' }])
  })

  it('a connection in a pipe counts received bytes apart from those passed on', async () => {
    await connect()
    const { down } = connection.pipe!
    down.took(7)
    expect(connection.totals).toMatchObject({ bytesDown: 0, receivedDown: 7 })
    down.gave(7)
    expect(connection.totals).toMatchObject({ bytesDown: 7, receivedDown: 7 })
  })
})

describe('a connection whose backend is asked for an upgrade', () => {
  const ask = async (): Promise<string> => {
    near[0].send(Buffer.from(UPGRADE))
    await connect(HTTP)
    return headAt(far[0])
  }

  it('a connection in an exchange counts at its backend until its end', async () => {
    await ask()
    expect([connection.phase, backend.active]).toEqual(['response', 1])
    connection.end('ordered')
    await until(() => endings.length > 0)
    expect(endings).toMatchObject([{ by: 'proxy', phase: 'response', cause: 'ordered' }])
    expect(backend.active).toBe(0)
    expect(await far[0].ended).toBe('ECONNRESET')
  })

  it('a connection in an exchange is not quiet', async () => {
    await ask()
    expect(connection.isQuiet).toBe(false)
  })

  it('a connection with an upgrade counts the heads and the bytes of its tunnel', async () => {
    await ask()
    far[0].send(Buffer.from(SWITCHING))
    await headAt(near[0])
    expect(connection.knownClient).toBeUndefined()
    near[0].send(Buffer.from('up'))
    far[0].send(Buffer.from('down!'))
    await until(() => connection.totals.bytesUp > UPGRADE.length)
    await until(() => connection.totals.bytesDown > SWITCHING.length)
    const [bytesUp, bytesDown] = [UPGRADE.length + 2, SWITCHING.length + 5]
    expect(connection.totals).toMatchObject({
      bytesUp,
      bytesDown,
      receivedUp: bytesUp,
      receivedDown: bytesDown,
    })
    connection.pipe!.down.took(3)
    expect(connection.totals).toMatchObject({ bytesDown, receivedDown: bytesDown + 3 })
    connection.pipe!.down.gave(3)
  })
})

describe('a connection whose opening waits for nothing', () => {
  it('a connection that is ended during its opening dials no backend', async () => {
    begin(BY_ADDRESS)
    connection.end('drained')
    await until(() => endings.length > 0)
    expect(endings).toEqual([{ by: 'proxy', phase: 'opening', cause: 'drained' }])
    expect(answer).toBeUndefined()
  })

  it('a connection whose dial throws ends with internal-error in the phase connect', async () => {
    const bug = new Error('a bug of ours')
    begin(BY_ADDRESS, () => {
      throw bug
    })
    await until(() => endings.length > 0)
    expect(failures).toEqual([['internal-error', bug]])
    expect(endings).toEqual([{ by: 'proxy', phase: 'connect', cause: 'internal-error' }])
  })
})
