/** With several workers the supervisor reads the files of lists and maps, and all workers use the same. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { helloOf } from '../support/hello.js'
import { connectTo } from '../support/peer.js'
import { bothServe, WorkersRig } from './rig.js'

describe.each([undefined, 'off'] as const)('two workers with a map (MILLRACE_NATIVE: %s)', (native) => {
  const folder = temporaryFolder()
  const file = join(folder, 'tenants.txt')
  let rig: WorkersRig
  afterEach(async () => {
    await rig.end()
  })

  const replace = (text: string): void => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  const withMap = (...more: object[]) => ({
    listeners: [{ name: 'front', address: '127.0.0.1:0', routes: [{ map: { file, by: 'sni' } }, ...more] }],
  })
  /** A client asks for a.test. Returns the index of the backend that it got. */
  const visit = async (): Promise<number> => {
    const before = rig.backends.map(({ peers }) => peers.length)
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: rig.port })
    const hello = await helloOf({ servername: 'a.test' })
    client.send(hello)
    await client.receive(hello.length)
    client.socket.destroy()
    return rig.backends.findIndex(({ peers }, index) => peers.length > before[index]!)
  }
  /** So many clients in a row that no worker was left out. */
  const whenAllGoTo = async (backend: number): Promise<void> => {
    for (let inARow = 0; inARow < 20; ) inARow = (await visit()) === backend ? inARow + 1 : 0
  }

  it('all workers use a changed map, also one that comes later, and a bad file is reported once', async () => {
    // So long that it comes in several parts.
    const others = Array.from({ length: 10_000 }, (_, index) => `${index}.test b`).join('\n')
    replace(`a.test a\n${others}`)
    rig = await WorkersRig.start(folder, withMap(), native)
    await whenAllGoTo(0)
    replace(`${others}\na.test b\n`)
    await whenAllGoTo(1)
    await rig.killOne()
    await rig.statusWhen(bothServe)
    await whenAllGoTo(1)
    replace('a.test a\nb.test nowhere\n')
    const { lists } = await rig.statusWhen(({ lists }) => lists[0]!.isFailing)
    expect(lists).toMatchObject([
      { kind: 'names', file, entries: 10_001, error: expect.stringMatching(/:2:8 there is no/) },
    ])
    await whenAllGoTo(1)
    await expect(rig.reload(withMap())).rejects.toThrow(/tenants\.txt:2:8 there is no cluster/)
    expect(
      rig.millrace.lines.filter(({ msg }) => msg.includes('the old one stays') && msg.includes('list')),
    ).toHaveLength(1)
    replace('a.test a\n')
    await rig.reload({ ...withMap({ sni: 'b.test', cluster: 'b' }) })
    await whenAllGoTo(0)
  })
})
