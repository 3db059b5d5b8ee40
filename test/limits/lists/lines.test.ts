/** The lines of lists and maps: what is an entry, what is a note, and how a bad line is named. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../../src/errors.js'
import { AddressLines } from '../../../src/limits/lists/address-lines.js'
import { build } from '../../../src/limits/lists/build.js'
import { MOST_NAMES, NameLines } from '../../../src/limits/lists/name-lines.js'

const tcp = (host: string) => ({ kind: 'tcp', host, port: 1 }) as const

async function addresses(text: string | Buffer) {
  const lines = new AddressLines()
  const problems = await build('deny.txt', Buffer.from(text), lines)
  return { set: lines.content, entries: lines.entries, problems: problems.map(formatProblem) }
}

const CLUSTERS = new Map([
  ['shop', undefined],
  ['egress', 'clients of the listener "web" name no server'],
])

async function names(text: string | Buffer, kind: 'names' | 'postgres-names' = 'names') {
  const lines = new NameLines(kind, CLUSTERS)
  const problems = await build('tenants.txt', Buffer.from(text), lines)
  return { map: lines.content, entries: lines.entries, problems: problems.map(formatProblem) }
}

describe('a list of addresses', () => {
  it('a list has one entry a line, and takes comments, notes, blank lines, CRLF and a byte order mark', async () => {
    const { set, entries, problems } = await addresses(
      '\uFEFF# offices\r\n10.0.0.0/8 head office\r\n\r\n  2001:db8::/32\t# branch\r\nunix\r\n192.0.2.7',
    )
    expect(problems).toEqual([])
    expect(entries).toBe(4)
    expect(['10.1.1.1', '2001:db8::1', '192.0.2.7', '192.0.2.8'].map((host) => set.has(tcp(host)))).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(set.has({ kind: 'unix', path: '' })).toBe(true)
  })

  it('an entry with "!" is an exception from a larger one, and the longest entry wins', async () => {
    const { set } = await addresses('10.0.0.0/8\n!10.1.0.0/16\n10.1.2.0/24\n192.0.2.1\n!192.0.2.1\n')
    expect(['10.9.9.9', '10.1.9.9', '10.1.2.9', '192.0.2.1'].map((host) => set.has(tcp(host)))).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('a second address in a line is no note, so that no entry is left out unseen', async () => {
    const { problems } = await addresses(
      '192.0.2.1 192.0.2.2\n192.0.2.0\t192.0.2.255 24\n192.0.2.0 - 192.0.2.9\n10.0.0.1 - printer\n10.0.0.2 24\n10.0.0.3 # 10.0.0.4\n',
    )
    const wrong = (host: string) =>
      `"${host}" is a second address in this line: write each in a line of its own, and a range as networks`
    expect(problems).toEqual([
      `deny.txt:1:11 ${wrong('192.0.2.2')}`,
      `deny.txt:2:11 ${wrong('192.0.2.255')}`,
      `deny.txt:3:13 ${wrong('192.0.2.9')}`,
    ])
  })

  it('a file with carriage returns alone is no list, because all of it would be one line', async () => {
    const { problems } = await addresses('# scanners\r192.0.2.1\r192.0.2.2\r')
    expect(problems).toEqual([
      'deny.txt:1:11 a carriage return alone ends no line: save the file with line feeds',
    ])
  })

  it('each bad line of a list is named with its place and what to write', async () => {
    const { problems } = await addresses(
      '10.0.0.0/8\n10.0.0.0/33 x\n\n  a.test\n10.0.0.1,10.0.0.2\n!\n::1%eth0\n',
    )
    expect(problems).toEqual([
      'deny.txt:2:1 "10.0.0.0/33": expected a number from 0 to 32 after "10.0.0.0/"',
      'deny.txt:4:3 "a.test": expected addresses such as 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or unix',
      'deny.txt:5:1 "10.0.0.1,10.0.0.2": expected addresses such as 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or unix',
      'deny.txt:6:1 "!": expected addresses such as 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or unix',
      'deny.txt:7:1 "::1%eth0": expected addresses such as 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or unix',
    ])
  })

  it('of many bad lines the first 20 are named, and the others counted', async () => {
    const { problems } = await addresses('x\n'.repeat(1000))
    expect(problems).toHaveLength(21)
    expect(problems.at(-1)).toBe('deny.txt 980 more lines are bad')
  })

  it('a file with too many entries, or with a very long line, is refused', async () => {
    const lines = Array.from({ length: MOST_NAMES + 2 }, (_, index) => `${index}.test shop`)
    const many = await names(lines.join('\n'))
    expect(many.problems).toEqual([
      `tenants.txt:${MOST_NAMES + 1}:1 the file may have at most ${MOST_NAMES} entries. Is it the right file?`,
    ])
    const long = await addresses(`10.0.0.1\n${'a'.repeat(1_000_000)}`)
    expect(long.problems).toEqual(['deny.txt:2:1 the line has more than 4096 bytes: write one entry a line'])
  })

  it('any bytes make a list or problems with their places, and nothing is thrown', async () => {
    const line = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string(),
      fc.constantFrom('unix', '!10.0.0.0/8', '# x', '10.0.0.0/8 note', '\0', '::/0', '%', '\uFEFF'),
    )
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.array(line, { maxLength: 20 }).map((lines) => Buffer.from(lines.join('\n'))),
    )
    await fc.assert(
      fc.asyncProperty(bytes, async (text) => {
        const { entries, problems } = await addresses(text)
        const lines = text.toString('latin1').split('\n').length
        expect(entries + problems.length).toBeLessThanOrEqual(lines)
        for (const problem of problems) expect(problem).toMatch(/^deny\.txt:\d+:\d+ /)
      }),
    )
  })
})

describe('a map of names', () => {
  it('a map has a name and a cluster a line, and the most specific name wins', async () => {
    const { map, entries, problems } = await names(
      'A.test. shop # first\n*.a.test reject\n**.a.test shop\r\n\n# any other\n* shop\n',
    )
    expect(problems).toEqual([])
    expect(entries).toBe(4)
    const find = (name?: string) => map.find(name)
    expect(find('a.test')?.cluster).toBe('shop')
    expect(find('x.a.test')).toMatchObject({ cluster: undefined })
    expect(find('y.x.a.test')?.cluster).toBe('shop')
    expect(find('b.test')?.cluster).toBe('shop')
    expect(find(undefined)?.cluster).toBe('shop')
    expect(find('a.test')!.rank).toBeGreaterThan(find('x.a.test')!.rank)
    expect(find('x.a.test')!.rank).toBeGreaterThan(find('y.x.a.test')!.rank)
    expect(find('y.x.a.test')!.rank).toBeGreaterThan(find('b.test')!.rank)
  })

  it('a map of Postgres names compares them as they are, and has no patterns', async () => {
    const { map, problems } = await names('Orders shop\n* shop\nbücher reject\n', 'postgres-names')
    expect(problems).toEqual([])
    expect(['Orders', 'orders', '*', 'bücher'].map((name) => map.find(name) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect(map.find(undefined)).toBeUndefined()
  })

  it('each bad line of a map is named with its place and what to write', async () => {
    const { problems } = await names(
      'a.test\nb.test shpo\na*.test shop\nc.test shop note\nC.test. shop\nc.test reject\nd.test egress\n127.0.0.1 shop\n',
    )
    expect(problems).toEqual([
      'tenants.txt:1:7 the cluster is missing: write the name, a space, and the name of a cluster',
      'tenants.txt:2:8 there is no cluster "shpo": write the name of a cluster of the config, or "reject"',
      'tenants.txt:3:1 "a*.test": a "*" stands for the whole first label: write *.example.com, or **.example.com for one label or more',
      'tenants.txt:4:13 expected nothing after the cluster, found "note": write "#" before a note',
      'tenants.txt:6:1 "c.test" is already in this file: remove one',
      'tenants.txt:7:8 clients of the listener "web" name no server',
      'tenants.txt:8:1 "127.0.0.1": clients send no IP address as a server name: write a host name',
    ])
  })

  it('bytes that are not UTF-8 are no name', async () => {
    const { problems } = await names(Buffer.from('b\xfccher shop\n', 'latin1'), 'postgres-names')
    expect(problems).toEqual(['tenants.txt:1:1 "b\uFFFDcher": this is not UTF-8: save the file as UTF-8'])
  })

  it('a map finds what a search through its lines finds, whatever the lines are', async () => {
    const label = fc.constantFrom('a', 'b', 'c')
    const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
    const pattern = fc.oneof(
      host,
      host.map((name) => `*.${name}`),
      host.map((name) => `**.${name}`),
      fc.constant('*'),
    )
    const matches = (of: string, name: string): boolean => {
      if (of === '*' || of === name) return true
      const parent = of.replace(/^\*+\./, '')
      if (of.startsWith('**.')) return name.endsWith(`.${parent}`)
      return of.startsWith('*.') && name.slice(name.indexOf('.') + 1) === parent && name.includes('.')
    }
    const specific = (of: string): number =>
      of === '*' ? 0 : of.startsWith('**.') ? of.split('.').length : of.startsWith('*.') ? 100 : 101
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(pattern), host, async (patterns, name) => {
        const lines = new NameLines('names', undefined)
        await build('f', Buffer.from(patterns.map((of, index) => `${of} c${index}`).join('\n')), lines)
        const [best] = patterns
          .filter((of) => matches(of, name))
          .toSorted((one, other) => specific(other) - specific(one))
        const expected = best === undefined ? undefined : `c${patterns.indexOf(best)}`
        expect(lines.content.find(name)?.cluster).toBe(expected)
      }),
    )
  })
})
