/** Maps from names to clusters in files: where clients go, before and after a file changes. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { formatProblem, type MillraceError } from '../../src/errors.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { helloOf } from '../support/hello.js'
import { Bed } from './bed.js'

/** The longest time until a changed file is read (ms). */
const NOTICED_WITHIN_MS = 2500

export function describeLists(): void {
  const folder = temporaryFolder()
  const file = join(folder, 'tenants.txt')
  let backend: Backend
  let bed: Bed | undefined
  beforeEach(async () => {
    backend = (await Backend.listen()).echo()
  })
  afterEach(async () => {
    vi.useRealTimers()
    await bed?.end()
    bed = undefined
    await backend.close()
  })

  const replace = (text: string): void => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  const config = (...clusters: string[]): Partial<ProxyConfig> => ({
    listeners: [
      {
        name: 'front',
        address: '127.0.0.1:0',
        routes: [{ sni: '*.pinned.test', cluster: 'shop' }, { map: { file, by: 'sni' } }],
      },
    ],
    clusters: Object.fromEntries(clusters.map((name) => [name, { backends: [backend.address] }])),
  })
  const start = async (text: string): Promise<Bed> => {
    replace(text)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    bed = await Bed.start(config('shop', 'apps'))
    return bed
  }
  /** A client asks for this name and leaves when it has its echo, or is turned away. */
  const visit = async (name: string): Promise<void> => {
    const client = await bed!.connect()
    const hello = await helloOf({ servername: name })
    client.send(hello)
    await client.receive(hello.length).catch(() => {})
    client.socket.destroy()
    await client.closed
  }
  const clustersOf = async (names: readonly string[]): Promise<(string | undefined)[]> => {
    const before = bed!.records.length
    for (const [index, name] of names.entries()) {
      await visit(name)
      await bed!.recorded(before + index + 1)
    }
    return bed!.records.slice(before).map(({ cluster, ended }) => cluster ?? ended.cause)
  }

  it('each line of a map counts like a route: the most specific name wins, among all routes', async () => {
    await start('a.test shop\n*.a.test apps\nbad.a.test reject\nx.pinned.test apps\n')
    const names = ['a.test', 'x.a.test', 'bad.a.test', 'x.pinned.test', 'y.pinned.test', 'b.test']
    expect(await clustersOf(names)).toEqual(['shop', 'apps', 'rejected', 'apps', 'shop', 'no-route'])
  })

  it('a map is swapped whole while clients come, and each client gets a cluster of the old or the new one', async () => {
    await start('a.test shop\n')
    const swapped = bed!.told(/tenants\.txt: 2 entries/)
    let isSwapped = false
    void swapped.then(() => {
      isSwapped = true
    })
    replace('a.test apps\nb.test apps\n')
    vi.advanceTimersByTime(NOTICED_WITHIN_MS)
    let visits = 0
    do {
      await Promise.all([visit('a.test'), visit('a.test')])
      visits += 2
    } while (!isSwapped)
    await bed!.recorded(visits)
    const seen = bed!.records.map(({ cluster }) => cluster)
    expect(seen.filter((cluster) => cluster !== 'shop' && cluster !== 'apps')).toEqual([])
    expect(await clustersOf(['a.test', 'b.test'])).toEqual(['apps', 'apps'])
  })

  it('a map that names a cluster that does not exist leaves the old one, also when a reload takes the cluster away', async () => {
    await start('a.test apps\n')
    replace('a.test apps\nb.test nowhere\n')
    vi.advanceTimersByTime(NOTICED_WITHIN_MS)
    const told = await bed!.told(/cannot be used: the old one stays/)
    expect(told).toMatchObject({
      level: 'error',
      problems: [expect.stringMatching(/tenants\.txt:2:8 there is no cluster "nowhere"/)],
    })
    replace('a.test apps\n')
    const error: unknown = await bed!
      .reloadWith({ clusters: {}, ...config('shop') } as ProxyConfig)
      .catch((error: unknown) => error)
    expect((error as MillraceError).code).toBe('config-invalid')
    expect((error as MillraceError).problems.map(formatProblem)).toEqual([
      `${file}:1:8 there is no cluster "apps": write the name of a cluster of the config, or "reject"`,
    ])
    expect(await clustersOf(['a.test'])).toEqual(['apps'])
  })

  it('a reload reads a map again', async () => {
    await start('a.test apps\n')
    replace('a.test shop\n')
    await bed!.reload(config('shop', 'apps'))
    expect(await clustersOf(['a.test'])).toEqual(['shop'])
    expect(bed!.proxy.status().lists).toMatchObject([{ kind: 'names', file, entries: 1, isFailing: false }])
  })

  it('a proxy does not start with a bad map or without its file, and says why', async () => {
    replace('a.test\n')
    const unstarted = new Bed(config('shop'))
    await expect(unstarted.proxy.start()).rejects.toThrow(/tenants\.txt:1:7 the cluster is missing/)
    expect(unstarted.proxy.state).toBe('stopped')
    rmSync(file)
    expect(() => new Bed(config('shop'))).toThrow(
      /listeners\[0\]\.routes\[1\]\.map\.file: cannot read the file .*: ENOENT/,
    )
  })

  it('a client in deny is turned away before millrace dials, and a changed file holds for the next client', async () => {
    replace('127.0.0.0/8 # everybody here\n')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    bed = await Bed.start({ backends: [backend], limits: { deny: [{ file }] } })
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    expect((await bed.recorded(1))[0]).toMatchObject({
      ended: { by: 'proxy', cause: `denied: list ${file}` },
    })
    expect(backend.peers).toHaveLength(0)
    replace('127.0.0.0/8\n!127.0.0.1\n')
    vi.advanceTimersByTime(NOTICED_WITHIN_MS)
    await bed.told(/tenants\.txt: 2 entries/)
    const client = await bed.connect()
    client.send(Buffer.from('hello'))
    await client.receive(5)
    expect(bed.proxy.status().endings.filter(({ count }) => count > 0)).toMatchObject([
      { cause: 'denied', outcome: 'denied', count: 1 },
    ])
  })

  it('lists in a dry run let everybody in, and are counted and logged with whom they would turn away', async () => {
    const limits = { deny: ['127.0.0.0/8'], dryRun: true }
    bed = await Bed.start({ backends: [backend], limits })
    for (const text of ['hello', 'again']) {
      const client = await bed.connect()
      client.send(Buffer.from(text))
      await client.receive(5)
    }
    expect(bed.proxy.status().limitRefusals).toEqual([
      { scope: 'process', why: 'deny', refused: 0, wouldRefuse: 2 },
    ])
    const told = await bed.told(
      /^the proxy: deny applies to 127\.0\.0\.1:\d+: clients would be refused without dryRun$/,
    )
    expect(told).toMatchObject({ scope: 'process', limit: 'deny', dryRun: true })
  })

  it('allow of a listener is about the client that a trusted proxy names, and not about that proxy', async () => {
    bed = await Bed.start({
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:0',
          cluster: 'back',
          acceptProxy: { from: ['127.0.0.1'] },
          limits: { allow: ['192.0.2.0/24'] },
        },
      ],
      backends: [backend],
    })
    const through = async (header: string): Promise<void> => {
      const client = await bed!.connect()
      client.send(Buffer.from(header))
      client.send(Buffer.from('hello'))
      await client.receive(5).catch(() => {})
      client.socket.destroy()
      await client.closed
    }
    const headers = ['TCP4 192.0.2.7 192.0.2.1 1 2', 'TCP4 203.0.113.7 192.0.2.1 1 2', 'UNKNOWN']
    for (const [index, text] of headers.entries()) {
      await through(`PROXY ${text}\r\n`)
      await bed.recorded(index + 1)
    }
    expect(bed.records.map(({ ended }) => ended.cause)).toEqual([
      expect.not.stringMatching(/denied/),
      'denied: not-allowed',
      expect.not.stringMatching(/denied/),
    ])
  })
}
