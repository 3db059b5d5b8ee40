/** Records of connections that are still open. */
import { afterEach, describe, expect, it } from 'vitest'
import type { AccessInput } from '../../src/config/schemas/log-schema.js'
import { loadNative } from '../../src/io/kernel/native.js'
import { drawOf } from '../../src/observe/records/while-open.js'
import { Backend } from '../support/backend.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import { temporaryFolder } from '../support/folder.js'
import { cannotTest } from '../support/programs.js'
import { turns } from '../support/wait.js'
import { Bed, type Logged } from './bed.js'
import { HandOverRig } from './hand-over-rig.js'

const EVERY_MS = 60_000
/** A short deadline that ends nobody here. So the proxy looks at its connections often. */
const TIMEOUTS = { halfClosedMs: 40 }
const HELLO = Buffer.from('hello')

const loaded = loadNative()
const cannotMove = loaded.native === undefined && cannotTest(`live connections that move: ${loaded.missing}`)

const openRecords = (lines: readonly Logged[]) =>
  lines.filter(({ message }) => message === 'connection is open')

describe('records of open connections', () => {
  let bed: Bed
  afterEach(() => bed.end())

  /** Lets time pass, a second at a time, until there are `count` records of open connections. */
  async function passUntil(count: number): Promise<readonly Logged[]> {
    while (openRecords(bed.logged).length < count) {
      advanceClock(1000)
      await turns(20)
    }
    return openRecords(bed.logged)
  }

  async function meet(access: AccessInput) {
    const backend = await Backend.listen()
    bed = await Bed.start({ backends: [backend], log: { access }, timeouts: TIMEOUTS })
    const client = await bed.connect()
    client.send(HELLO)
    await (await backend.accepted()).receive(HELLO.length)
    return client
  }

  it('with atOpen a connection has a record as soon as its backend has accepted, and one with the same id at its end', async () => {
    const client = await meet({ atOpen: true })
    const [open] = openRecords(bed.logged)
    expect(open).toMatchObject({ final: false, cluster: 'back', timings: { connectMs: expect.any(Number) } })
    expect(open).not.toHaveProperty('ended')
    expect(open).not.toHaveProperty('termination')
    client.reset()
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ id: open!.id, bytesUp: HELLO.length })
    expect(record).not.toHaveProperty('final')
    expect(bed.proxy.status().records).toEqual({ written: 2, whileOpen: 1, skipped: 0, dropped: 0 })
  })

  it('with everyMs an open connection has a record in each interval, and counts once', async () => {
    await meet({ everyMs: EVERY_MS })
    const [first, second, third] = await passUntil(3)
    expect(second).toMatchObject({ id: first!.id, final: false, bytesUp: HELLO.length })
    const turnOf = ({ timings }: Logged): number =>
      Math.floor(((timings as { totalMs: number }).totalMs - drawOf(String(first!.id)) * EVERY_MS) / EVERY_MS)
    const turnsOf = [first, second, third].map((record) => turnOf(record!))
    expect(turnsOf[1]).toBeGreaterThan(turnsOf[0]!)
    expect(turnsOf[2]).toBeGreaterThan(turnsOf[1]!)
    expect(bed.proxy.status().connections).toMatchObject({ active: 1, ended: 0 })
  })
})

describe.skipIf(cannotMove)('records of connections that move', () => {
  it('a connection goes on with its records in the process that it moves to', async () => {
    const rig = await HandOverRig.begin(temporaryFolder())
    const config = { log: { access: { everyMs: EVERY_MS } }, timeouts: TIMEOUTS }
    const [a, b] = [await rig.proxy(config), await rig.proxy(config)]
    await rig.join(a)
    const id = a.ids.tell(a.connections()[0]!)
    await rig.give(a, b)
    while (rig.openRecords.length < 2) {
      advanceClock(1000)
      await turns(20)
    }
    expect(rig.openRecords).toMatchObject([
      { id, final: false },
      { id, final: false },
    ])
    restoreClock()
    await rig.end()
  })
})
