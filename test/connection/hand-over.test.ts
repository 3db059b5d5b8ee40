/** An ordered end at any moment between the connected backend and the pipe is neither lost nor an error. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/cluster/backend.js'
import type { DialResult } from '../../src/cluster/dial.js'
import { StreamSocket } from '../../src/io/streams/stream-socket.js'
import type { RecordEnding } from '../../src/observe/records/record.js'
import { type Carriage, carriages } from '../support/carriages.js'
import { type End, Rig } from '../support/rig.js'
import { until } from '../support/wait.js'
import { loneConnection } from './lone-connection.js'

/** More microtasks than there are between the dial's outcome and the pipe. */
const MOMENTS = Array.from({ length: 24 }, (_, i) => i)

const kinds = carriages().filter(({ name }) => name === 'kernel carrier' || name === 'stream carrier')

describe.each(kinds)('a connection with the $name', (carriage: Carriage) => {
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
    // A stream closes some time after the call to close it.
    for (const [, socket] of [near, far]) {
      if (socket instanceof StreamSocket) await until(() => socket.stream.closed)
    }
    expect(await rig.finish()).toEqual([])
  })

  it.each(MOMENTS)('a connection that is ended %i microtasks after its dial ends once', async (moment) => {
    const endings: RecordEnding[] = []
    let answer: ((result: DialResult) => void) | undefined
    const connection = loneConnection(near[1], {
      engine: rig.engine,
      listener: { route: () => 'back' },
      dial: (_, done) => {
        answer = done
      },
      ended: (ending) => endings.push(ending),
    })
    connection.start()
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
