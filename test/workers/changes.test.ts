/** Two workers whose config an operator changes while they serve: nginx as blue and green, and what outlives a reload or a worker. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import type { MillraceError } from '../../src/errors.js'
import { temporaryFolder } from '../support/folder.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, freePort } from '../support/programs.js'
import { bothServe, WorkersRig } from './rig.js'

const folder = temporaryFolder()
const REQUESTS = 12

let rig: WorkersRig
afterEach(() => rig.end())

const change = (...changes: object[]) => rig.admin.ask('POST', '/api/v1/changes', { changes }, true)

/** What an nginx says at this port, each time on a new connection. */
function pageAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: '/name', agent: false }, async (response) => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve(Buffer.concat(chunks).toString())
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function pagesAt(port: number): Promise<string[]> {
  const pages: string[] = []
  for (let i = 0; i < REQUESTS; i++) pages.push(await pageAt(port))
  return [...new Set(pages)].sort()
}

async function nginxNamed(name: string): Promise<string> {
  const own = `${folder}/${name}`
  mkdirSync(own)
  writeFileSync(`${own}/name`, name)
  return `127.0.0.1:${await startNginx(own)}`
}

it.skipIf(areMissing('nginx'))(
  'clients move from blue to green without a reload, and both workers and a reload keep it so',
  async () => {
    const [blue, green] = [await nginxNamed('blue'), await nginxNamed('green')]
    rig = await WorkersRig.start(folder, { clusters: { a: { backends: [blue] } } })
    await rig.statusWhen(bothServe)
    expect(await pagesAt(rig.port)).toEqual(['blue'])
    await change({ do: 'add-backend', cluster: 'a', spec: { address: green, weight: 1 } })
    expect(await pagesAt(rig.port)).toEqual(['blue', 'green'])
    await change({ do: 'remove-backend', cluster: 'a', backend: blue })
    expect(await pagesAt(rig.port)).toEqual(['green'])
    expect((await rig.status()).config).toMatchObject({ changes: 2, changesWithoutEffect: 0 })
    await rig.killOne()
    await rig.statusWhen(bothServe)
    expect(await rig.reload({ clusters: { a: { backends: [blue] } } })).toEqual({
      changed: [],
      needsRestart: [],
      changes: {
        kept: [`add backend a/${green}`, `remove backend a/${blue}`],
        ended: [],
        aside: [],
      },
    })
    expect(await pagesAt(rig.port)).toEqual(['green'])
    await rig.reload({ clusters: { a: { backends: [green] } } })
    expect(await rig.admin.ask('GET', '/api/v1/diff')).toMatchObject({ isSame: true, changes: [] })
    expect(await pagesAt(rig.port)).toEqual(['green'])
  },
)

it('a listener with a cluster of its own comes and goes in both workers, and an order that fails changes nothing', async () => {
  rig = await WorkersRig.start(folder)
  await rig.statusWhen(bothServe)
  const port = await freePort()
  const listener = { name: 'side', address: `127.0.0.1:${port}`, cluster: 'c' }
  const cluster = { do: 'add-cluster', cluster: 'c', spec: { backends: [rig.backends[1]!.address] } }
  await expect(change({ do: 'add-listener', spec: listener })).rejects.toThrow('there is no cluster "c"')
  await change(cluster, { do: 'add-listener', spec: listener })
  const client = await rig.join(port)
  const taken = { name: 'taken', address: rig.backends[0]!.address, cluster: 'c' }
  const refusal = await change({ do: 'add-listener', spec: taken }).catch((error: unknown) => error)
  expect((refusal as MillraceError).message).toContain('EADDRINUSE')
  const { listeners } = await rig.status()
  expect(listeners.map(({ name }) => name)).toEqual(['front', 'side'])
  await change({ do: 'remove-listener', listener: 'side' }, { do: 'remove-cluster', cluster: 'c' })
  await expect(rig.join(port)).rejects.toThrow('ECONNREFUSED')
  await client.ended
  expect(await rig.admin.ask('GET', '/api/v1/diff')).toMatchObject({ isSame: true })
})

it('--end drains the connections of a backend that is removed, and without it they go on', async () => {
  rig = await WorkersRig.start(folder, { timeouts: { drainMs: 100 } })
  await rig.statusWhen(bothServe)
  const [first, second] = rig.backends.map(({ address }) => address)
  const client = await rig.join()
  await change({ do: 'add-backend', cluster: 'a', spec: second })
  await change({ do: 'remove-backend', cluster: 'a', backend: first })
  client.send(Buffer.from('again'))
  await client.receive(10)
  await change({ do: 'add-backend', cluster: 'a', spec: first })
  const changes = [{ do: 'remove-backend', cluster: 'a', backend: first }]
  await rig.admin.ask('POST', '/api/v1/changes', { changes, end: true }, true)
  await client.ended
})
