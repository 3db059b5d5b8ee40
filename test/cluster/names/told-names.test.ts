import { expect, test } from 'vitest'
import type { Meaning, Name } from '../../../src/cluster/names/provider.js'
import { ToldNames } from '../../../src/cluster/names/told-names.js'
import { providerContract } from './provider-contract.js'
import { ScriptedDns, SETTINGS } from './scripted-dns.js'

const DB: Name = { kind: 'host', name: 'db.example' }

const meaningOf = (ips: readonly string[] | undefined, error?: string): Meaning => ({
  places: ips?.map((ip) => ({ ip, host: 'db.example' })),
  isAsking: false,
  error,
})

providerContract('another process', () => {
  const dns = new ScriptedDns()
  const provider = new ToldNames(SETTINGS, { createClient: () => dns })
  const known = new Map<string, readonly string[]>()
  const tell = (name: Name, meaning: Meaning): void => provider.hear([{ name, meaning }])
  return {
    provider,
    means: (name, ips) => {
      const isNew = [...(known.get(name.name) ?? [])].sort().join() !== [...ips].sort().join()
      known.set(name.name, ips)
      if (isNew) tell(name, meaningOf(ips))
    },
    fails: (name) => {
      if (!known.has(name.name)) tell(name, meaningOf(undefined, 'SERVFAIL'))
    },
    meansNothing: (name) => tell(name, meaningOf([], 'NXDOMAIN')),
    answersOnce: ({ name }, ips) => dns.found(name, ips),
    isWatched: ({ name }) => provider.status().some((each) => each.name === name),
  }
})

test('a name that was told before anybody watched it is known to the first watcher', () => {
  const names = new ToldNames(SETTINGS, { createClient: () => new ScriptedDns() })
  names.hear([{ name: DB, meaning: meaningOf(['10.0.0.1']) }])
  expect(names.watch(DB, () => {}).meaning.places).toHaveLength(1)
})

test('a name that another process no longer needs is forgotten', () => {
  const names = new ToldNames(SETTINGS, { createClient: () => new ScriptedDns() })
  names.hear([{ name: DB, meaning: meaningOf(['10.0.0.1']) }])
  names.hear([{ name: DB, meaning: undefined }])
  expect(names.watch(DB, () => {}).meaning).toEqual({ places: undefined, isAsking: true, error: undefined })
})

test('questions that are asked once use the servers of the present settings', () => {
  const servers: unknown[] = []
  const names = new ToldNames(SETTINGS, {
    createClient: (settings) => {
      servers.push(settings.servers)
      return new ScriptedDns()
    },
  })
  names.read(DB, () => {})
  names.read(DB, () => {})
  names.configure({ ...SETTINGS, servers: [{ ip: '10.0.0.53', port: 53 }] })
  names.read(DB, () => {})
  expect(servers).toEqual([undefined, [{ ip: '10.0.0.53', port: 53 }]])
})
