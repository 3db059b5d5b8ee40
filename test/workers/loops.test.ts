/** Listeners of the built command that lead to each other: any of its two workers may get a connection of the other. */
import { afterEach, expect, test } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { temporaryFolder } from '../support/folder.js'
import { cannotTest } from '../support/programs.js'
import { WorkersRig } from './rig.js'

const CLIENTS = 20
const LISTENERS = ['front', 'back'].map((name) => ({ name, address: '127.0.0.1:0' }))
const loaded = loadNative()
const isMissing = loaded.native === undefined && cannotTest(`a table of counts: ${loaded.missing}`)

const folder = temporaryFolder()
let rig: WorkersRig
afterEach(() => rig.end())

test.skipIf(isMissing)(
  'two workers pass a connection on to each other, and end one that comes round',
  async () => {
    const to = (...clusters: string[]) =>
      LISTENERS.map((each, index) => ({ ...each, cluster: clusters[index]! }))
    rig = await WorkersRig.start(folder, { listeners: to('a', 'b') })
    const { listeners } = await rig.statusWhen(({ workers }) => workers === 2)
    const [front, back] = listeners.map(({ address }) => address)
    const echo = rig.backends[0]!.address
    await rig.reload({
      listeners: to('a', 'b'),
      clusters: { a: { backends: [back] }, b: { backends: [echo] } },
    })
    for (let i = 0; i < CLIENTS; i++) await rig.join()
    await rig.reload({
      listeners: to('a', 'b'),
      clusters: { a: { backends: [back] }, b: { backends: [front] } },
    })
    for (let i = 0; i < CLIENTS; i++) await expect(rig.join()).rejects.toThrow()
    const { endings } = await rig.statusWhen(({ connections }) => connections.active === 2 * CLIENTS)
    const loops = endings.filter(({ cause }) => cause === 'loop').map(({ count }) => count)
    expect(loops.reduce((sum, count) => sum + count, 0)).toBe(CLIENTS)
  },
)
