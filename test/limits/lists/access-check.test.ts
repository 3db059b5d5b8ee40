/** `allow` and `deny` of a scope: which clients may not come in, and what their record says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packPeer } from '../../../src/address.js'
import { AddressSet } from '../../../src/address-set.js'
import { createAccessCheck } from '../../../src/limits/lists/access-check.js'
import { addEntry } from '../../../src/limits/lists/address-lines.js'
import { ConfigLists } from '../../../src/limits/lists/config-lists.js'
import type { AccessList } from '../../../src/limits/policy.js'

const tcp = (host: string) => ({ kind: 'tcp', host, port: 1 }) as const

/** A check with these entries of the config, and these files. */
function checkOf({
  allow,
  deny,
  files = {},
}: {
  allow?: string[]
  deny?: string[]
  files?: Record<string, string[]>
}) {
  const list = (entries: string[] | undefined): AccessList | undefined =>
    entries && {
      addresses: entries.filter((entry) => !Object.hasOwn(files, entry)),
      files: entries.filter((entry) => Object.hasOwn(files, entry)),
    }
  const limits = { allow: list(allow), deny: list(deny), dryRun: false }
  const lists = new ConfigLists({ listeners: [], clusters: {}, limits } as never)
  const fill = (file: string, entries: readonly string[]): void => {
    const content = new AddressSet()
    for (const entry of entries) addEntry(content, entry)
    lists.get({ kind: 'addresses', path: file }).use({ content, entries: 0, loadedAt: '', bytes: undefined })
  }
  for (const [file, entries] of Object.entries(files)) fill(file, entries)
  const check = createAccessCheck('process', limits, lists)
  return { refuses: (host: string) => check?.refuses(tcp(host)), check, fill }
}

describe('a check of allow and deny', () => {
  it('deny refuses its clients and names the file, and allow refuses all others', () => {
    const { refuses } = checkOf({
      deny: ['192.0.2.0/24', 'deny.txt'],
      allow: ['192.0.2.0/24', '10.0.0.0/8'],
      files: { 'deny.txt': ['10.6.0.0/16'] },
    })
    expect(['192.0.2.1', '10.6.1.1', '10.1.1.1', '203.0.113.1'].map(refuses)).toEqual([
      'denied: list of the config',
      'denied: list deny.txt',
      undefined,
      'denied: not-allowed',
    ])
  })

  it('the longest entry of all files and the config decides, and of equal ones the exception', () => {
    const { refuses } = checkOf({
      deny: ['a.txt', 'b.txt', '!10.1.2.0/24', '!192.0.2.1'],
      files: { 'a.txt': ['10.0.0.0/8', '10.1.2.3'], 'b.txt': ['!10.1.0.0/16', '192.0.2.1'] },
    })
    expect(['10.9.9.9', '10.1.9.9', '10.1.2.9', '10.1.2.3', '192.0.2.1'].map(refuses)).toEqual([
      'denied: list a.txt',
      undefined,
      undefined,
      'denied: list a.txt',
      undefined,
    ])
  })

  it('a client without an address passes deny and not allow, and one of a unix socket needs "unix"', () => {
    const [deny, allow] = [
      checkOf({ deny: ['0.0.0.0/0', '::/0'] }),
      checkOf({ allow: ['0.0.0.0/0', '::/0'] }),
    ]
    expect([deny, allow].map(({ check }) => check?.refuses(undefined))).toEqual([
      undefined,
      'denied: not-allowed',
    ])
    const unix = { kind: 'unix', path: '' } as const
    expect(allow.check?.refuses(unix)).toBe('denied: not-allowed')
    expect(checkOf({ allow: ['unix'] }).check?.refuses(unix)).toBeUndefined()
    expect(checkOf({ deny: ['unix'] }).check?.refuses(unix)).toBe('denied: list of the config')
  })

  it('a packed peer, a mapped address and plain IPv4 are one client', () => {
    const { check } = checkOf({ deny: ['203.0.113.7'] })
    for (const peer of [packPeer(0xcb007107, 80), tcp('::ffff:203.0.113.7'), tcp('203.0.113.7')])
      expect(check?.refuses(peer)).toBe('denied: list of the config')
    expect(check?.refuses(packPeer(0xcb007108, 80))).toBeUndefined()
  })

  it('a check follows a list that is swapped', () => {
    const { refuses, fill } = checkOf({ deny: ['deny.txt'], files: { 'deny.txt': ['10.0.0.1'] } })
    fill('deny.txt', ['10.0.0.2'])
    expect(['10.0.0.1', '10.0.0.2'].map(refuses)).toEqual([undefined, 'denied: list deny.txt'])
  })

  it('a scope without lists has no check', () => {
    expect(checkOf({}).check).toBeUndefined()
  })

  it('entries decide alike, however they are spread over files', () => {
    const entry = fc
      .tuple(
        fc.boolean(),
        fc.constantFrom('10.0.0.0', '10.1.0.0', '10.1.2.0', '10.1.2.3'),
        fc.constantFrom(0, 8, 16, 24, 31, 32),
      )
      .map(([isExcepted, host, bits]) => `${isExcepted ? '!' : ''}${host}/${bits}`)
    fc.assert(
      fc.property(fc.array(fc.tuple(entry, fc.nat(2))), (entries) => {
        const inFile = (index: number) => entries.filter(([, file]) => file === index).map(([text]) => text)
        const files = { one: inFile(1), two: inFile(2) }
        const spread = checkOf({ deny: [...inFile(0), 'one', 'two'], files })
        const together = checkOf({ deny: entries.map(([text]) => text) })
        for (const host of ['10.1.2.3', '10.1.2.4', '10.1.9.9', '10.9.9.9', '192.0.2.1'])
          expect(spread.refuses(host) === undefined).toBe(together.refuses(host) === undefined)
      }),
    )
  })
})
