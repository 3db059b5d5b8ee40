/** Where the workers of the built command count. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { temporaryFolder } from '../support/folder.js'
import { WorkersRig } from './rig.js'

const LIMITED = { limits: { maxConnections: 100 } }
const MOST = 6
const PART = 'workers cannot count together: each has its part of every limit'

const folder = temporaryFolder()
let rig: WorkersRig
afterEach(() => rig.end())

/** How many of so many clients come in and get their echo. A client that is refused may learn it while it connects. */
async function joined(clients: number): Promise<number> {
  let count = 0
  for (let client = 0; client < clients; client++)
    await rig.join().then(
      () => count++,
      () => {},
    )
  return count
}

const messages = (): string[] => rig.millrace.lines.map(({ msg }) => msg)
const hasMapped = (pid: number): boolean =>
  readFileSync(`/proc/${pid}/maps`, 'utf8').includes('millrace-counts')
const openTables = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) =>
    readlinkSync(`/proc/${pid}/fd/${fd}`).includes('millrace-counts'),
  ).length

describe.runIf(loadNative().native !== undefined)('workers with the addon', () => {
  test('every worker counts in the table of the supervisor, also one that replaces another', async () => {
    rig = await WorkersRig.start(folder, LIMITED)
    await rig.statusWhen(({ workers }) => workers === 2)
    expect(rig.workerPids().map((pid) => [hasMapped(pid), openTables(pid)])).toEqual([
      [true, 0],
      [true, 0],
    ])
    const newcomer = await rig.killOne()
    await rig.statusWhen(({ processes }) => processes.some(({ pid }) => pid === newcomer))
    expect([hasMapped(newcomer), openTables(newcomer)]).toEqual([true, 0])
    expect(messages()).not.toContain(PART)
  })

  test('two workers let in exactly as many clients as the limit, also after one was killed', async () => {
    rig = await WorkersRig.start(folder, { limits: { maxConnections: MOST, whenFull: 'refuse' } })
    await rig.statusWhen(({ workers }) => workers === 2)
    expect(await joined(MOST * 2)).toBe(MOST)
    const newcomer = await rig.killOne()
    const { connections } = await rig.statusWhen(({ processes }) =>
      processes.some(({ pid }) => pid === newcomer),
    )
    expect(await joined(MOST * 2)).toBe(MOST - connections.active)
  })

  test('a reload that adds a limit counts the connections of all workers once, also a second time', async () => {
    rig = await WorkersRig.start(folder)
    await rig.statusWhen(({ workers }) => workers === 2)
    expect(await joined(MOST)).toBe(MOST)
    const limited = {
      limits: { maxConnections: MOST, whenFull: 'refuse', perSource: { maxConnections: MOST } },
    }
    for (const more of [limited, limited]) {
      await rig.reload(more)
      expect((await rig.status()).limits).toMatchObject([{ held: MOST, most: MOST }])
      expect(await rig.admin.ask('GET', '/api/v1/sources')).toMatchObject({
        sources: [{ connections: MOST }],
      })
    }
    expect(await joined(MOST)).toBe(0)
    const newcomer = await rig.killOne()
    const { connections } = await rig.statusWhen(({ processes }) =>
      processes.some(({ pid }) => pid === newcomer),
    )
    await rig.reload({ limits: { ...limited.limits, perSource: { maxConnections: 1 } } })
    expect(await joined(MOST)).toBe(connections.active === 0 ? 1 : 0)
    await rig.reload(limited)
    const left = MOST - (await rig.status()).connections.active
    expect(await joined(MOST)).toBe(left)
  })
})

test('without the addon the log says once that each worker has its part of every limit', async () => {
  rig = await WorkersRig.start(folder, {}, 'off')
  expect(messages()).not.toContain(PART)
  await rig.reload(LIMITED)
  await rig.reload({ limits: { maxConnections: 200 } })
  expect(messages().filter((message) => message === PART)).toHaveLength(1)
})
