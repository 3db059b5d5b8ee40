/** Lists of a worker: they are what the supervisor told, in whatever parts it comes. */
import { describe, expect, it } from 'vitest'
import { AddressSet } from '../../../src/address-set.js'
import { ConfigLists, type KeptList, type Loaded } from '../../../src/limits/lists/config-lists.js'
import type { ListFile } from '../../../src/limits/lists/content.js'
import { partsOf, ToldLists } from '../../../src/limits/lists/told-lists.js'
import { until } from '../../support/wait.js'

const FILE = { kind: 'names', path: 'tenants.txt' } as const
const ADDRESSES = { kind: 'addresses', path: 'deny.txt' } as const

function loaded(text: string): Loaded {
  return {
    content: new AddressSet(),
    entries: 0,
    loadedAt: '2030-01-01T00:00:00.000Z',
    bytes: Buffer.from(text),
  }
}

/** The lists of a config whose only list is this one. */
function listsWith(): { lists: ConfigLists; list: KeptList<'names'> } {
  const listener = { routes: [{ map: { file: FILE.path, by: 'sni' } }] }
  const lists = new ConfigLists({ listeners: [listener], clusters: {} } as never)
  return { lists, list: lists.get(FILE) }
}

/** The same for a list of addresses. */
function denyLists(): { lists: ConfigLists; has(host: string): boolean } {
  const deny = { addresses: [], files: [ADDRESSES.path] }
  const lists = new ConfigLists({ listeners: [], clusters: {}, limits: { deny } } as never)
  return { lists, has: (host) => lists.get(ADDRESSES).content.has({ kind: 'tcp', host, port: 1 }) }
}

function tell(told: ToldLists, text: string, isInUse: boolean, file: ListFile = FILE): number {
  const parts = [...partsOf(file, loaded(text), isInUse)]
  for (const part of parts) told.hear(part)
  return parts.length
}

describe('lists that a supervisor tells', () => {
  it('a worker has a long list of any bytes after its last part', async () => {
    const told = new ToldLists()
    const lines = Array.from({ length: 10_000 }, (_, index) => `${index}.test c${index} # ü`)
    expect(tell(told, lines.join('\n'), false)).toBeGreaterThan(3)
    const { lists, list } = listsWith()
    await told.load(lists)
    expect(list.content.find('9999.test')?.cluster).toBe('c9999')
    expect(list.status()).toMatchObject({ entries: 10_000, loadedAt: '2030-01-01T00:00:00.000Z' })
  })

  it('an empty file is a list with no entry', async () => {
    const told = new ToldLists()
    tell(told, '', false)
    const { lists, list } = listsWith()
    await told.load(lists)
    expect(list.loaded.entries).toBe(0)
  })

  it('a list of the next config leaves the one in use, until the config is used', async () => {
    const told = new ToldLists()
    tell(told, 'a.test old', false)
    const present = listsWith()
    await told.load(present.lists)
    told.takeUp(present.lists)
    tell(told, 'a.test new', false)
    const next = listsWith()
    await told.load(next.lists)
    expect(present.list.content.find('a.test')?.cluster).toBe('old')
    expect(next.list.content.find('a.test')?.cluster).toBe('new')
  })

  it('a list in use is swapped when its last part has come, and the last one told wins', async () => {
    const told = new ToldLists()
    tell(told, 'a.test first', false)
    const { lists, list } = listsWith()
    await told.load(lists)
    told.takeUp(lists)
    tell(told, `${'# long\n'.repeat(50_000)}a.test second`, true)
    tell(told, 'a.test third', true)
    expect(list.content.find('a.test')?.cluster).toBe('first')
    await until(() => list.content.find('a.test')?.cluster !== 'first')
    expect(list.content.find('a.test')?.cluster).toBe('third')
  })

  it('what was told between the loading of a config and its use is used, too', async () => {
    const told = new ToldLists()
    tell(told, '192.0.2.1', false, ADDRESSES)
    const present = denyLists()
    await told.load(present.lists)
    told.takeUp(present.lists)
    tell(told, '192.0.2.2', false, ADDRESSES)
    const next = denyLists()
    await told.load(next.lists)
    tell(told, '192.0.2.3', true, ADDRESSES)
    await until(() => present.has('192.0.2.3'))
    expect(next.has('192.0.2.2')).toBe(true)
    told.takeUp(next.lists)
    await until(() => next.has('192.0.2.3'))
    expect(next.has('192.0.2.2')).toBe(false)
  })

  it('the lists of addresses of earlier configs become those of the present one, so that there is one copy', async () => {
    const told = new ToldLists()
    const configs = [denyLists(), denyLists(), denyLists()]
    for (const [index, { lists }] of configs.entries()) {
      tell(told, `192.0.2.${index}`, false, ADDRESSES)
      await told.load(lists)
      told.takeUp(lists)
    }
    const contents = new Set(configs.map(({ lists }) => lists.get(ADDRESSES).content))
    expect(contents.size).toBe(1)
    expect(configs[0]!.has('192.0.2.2')).toBe(true)
    tell(told, '192.0.2.9', true, ADDRESSES)
    await until(() => configs[0]!.has('192.0.2.9'))
  })
})
