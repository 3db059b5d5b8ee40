/** Routes: which cluster a client gets, and which rule wins. */
import { describe, expect, it } from 'vitest'
import { NameMap } from '../../src/limits/lists/name-map.js'
import { type Facts, type MapKey, RouteTable, type Rule } from '../../src/route/table.js'

const rule = (cluster: string, parts: Partial<Rule> = {}): Rule => ({
  speaks: undefined,
  sni: undefined,
  alpn: undefined,
  source: undefined,
  host: undefined,
  path: undefined,
  user: undefined,
  database: undefined,
  http: undefined,
  map: undefined,
  cluster,
  ...parts,
})

const client = (host: string) => ({ kind: 'tcp', host, port: 1 }) as const

describe('a table of routes', () => {
  it('a route with an exact name goes before a wildcard, and a wildcard before no name, in any order', () => {
    const table = new RouteTable([
      rule('any'),
      rule('wild', { sni: ['*.a.test'] }),
      rule('exact', { sni: ['www.a.test'] }),
    ])
    const find = (serverName?: string) => table.find({ client: undefined, serverName })?.cluster
    expect(['www.a.test', 'x.a.test', 'b.test', undefined].map(find)).toEqual(['exact', 'wild', 'any', 'any'])
  })

  it('a route with `**.` matches server names and hosts of any depth', () => {
    const table = new RouteTable([
      rule('any'),
      rule('sni', { sni: ['**.a.test'] }),
      rule('host', { host: ['**.a.test'] }),
      rule('one', { sni: ['*.a.test'] }),
    ])
    const find = (facts: Partial<Facts>) => table.find({ client: undefined, ...facts })?.cluster
    expect(['x.a.test', 'x.y.a.test', 'a.test'].map((serverName) => find({ serverName }))).toEqual([
      'one',
      'sni',
      'any',
    ])
    expect(['x.a.test', 'x.y.a.test', 'a.test'].map((host) => find({ host }))).toEqual([
      'host',
      'host',
      'any',
    ])
  })

  it('a client gets the route of the next name if another part of the first route does not match', () => {
    const table = new RouteTable([
      rule('office', { sni: ['a.test'], source: ['10.0.0.0/8'] }),
      rule('h2', { sni: ['a.test'], alpn: ['h2'] }),
      rule('wild', { sni: ['*.test'] }),
    ])
    const find = (facts: Partial<Facts>) =>
      table.find({ client: client('192.0.2.1'), serverName: 'a.test', ...facts })?.cluster
    expect(find({ client: client('10.1.1.1'), alpn: ['h2'] })).toBe('office')
    expect(find({ alpn: ['http/1.1', 'h2'] })).toBe('h2')
    expect(find({ alpn: [] })).toBe('wild')
    expect(find({})).toBe('wild')
  })

  it('the first of two equal routes wins', () => {
    const table = new RouteTable([rule('first', { host: ['A.test'] }), rule('second', { host: ['a.test.'] })])
    expect(table.find({ client: undefined, host: 'a.test' })?.cluster).toBe('first')
  })

  it('a route with a named host goes before all others, which match in their order', () => {
    const table = new RouteTable([
      rule('path', { path: '/chat' }),
      rule('star', { host: ['*'] }),
      rule('host', { host: ['a.test'] }),
      rule('last'),
    ])
    const find = (host: string, path: string) => table.find({ client: undefined, host, path })?.cluster
    expect(find('a.test', '/chat')).toBe('host')
    expect(find('b.test', '/chat')).toBe('path')
    expect(find('b.test', '/')).toBe('star')
  })

  it.each([
    ['/chat', true],
    ['/chat/', true],
    ['/chat/room', true],
    ['/chatter', false],
    ['/', false],
    ['/Chat', false],
    ['/a/chat', false],
    [undefined, false],
  ])('a route matches whole segments of a path: %s is within /chat: %s', (path, isWithin) => {
    const table = new RouteTable([rule('chat', { path: '/chat' })])
    expect(table.find({ client: undefined, path }) !== undefined).toBe(isWithin)
  })

  it('a route with the path / matches every path', () => {
    const table = new RouteTable([rule('all', { path: '/' })])
    expect(table.find({ client: undefined, path: '/any' })?.cluster).toBe('all')
  })

  it('a client gets the right route of ten thousand names', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => rule(`c${i}`, { sni: [`h${i}.test`] }))
    const table = new RouteTable(many)
    expect(table.find({ client: undefined, serverName: 'h9999.test' })?.cluster).toBe('c9999')
  })

  it('a route with speaks matches clients that speak one of its protocols, in the order of the routes', () => {
    const table = new RouteTable([
      rule('ssh', { speaks: ['ssh', 'hex:00'] }),
      rule('secure', { speaks: ['tls'] }),
      rule('named', { sni: ['a.test'] }),
      rule('any'),
    ])
    const find = (facts: Partial<Facts>) => table.find({ client: undefined, ...facts })?.cluster
    expect(find({ spoken: ['hex:00'] })).toBe('ssh')
    expect(find({ spoken: ['tls', 'ssh'] })).toBe('ssh')
    expect(find({ spoken: ['tls'] })).toBe('secure')
    expect(find({ spoken: ['tls'], serverName: 'a.test' })).toBe('named')
    expect(find({ spoken: [] })).toBe('any')
    expect(find({})).toBe('any')
  })

  it('a client gets no route if no rule matches', () => {
    expect(new RouteTable([]).find({ client: undefined })).toBeUndefined()
    expect(new RouteTable([rule('a', { sni: ['a.test'] })]).find({ client: undefined })).toBeUndefined()
  })
})

describe('a map of a table of routes', () => {
  /** A route whose lines are these. */
  const mapped = (by: MapKey, lines: Record<string, string | undefined>, parts: Partial<Rule> = {}) => {
    const map = new NameMap(by === 'sni' || by === 'host')
    for (const [name, cluster] of Object.entries(lines)) map.add(name, cluster)
    const ofRoute: Rule = { ...rule('', parts), cluster: undefined, map: { file: '', by } }
    return { rule: ofRoute, map }
  }
  const tableOf = (...rules: (Rule | ReturnType<typeof mapped>)[]) => {
    const maps = new Map(
      rules.flatMap((each) => ('map' in each && 'rule' in each ? [[each.rule.map, each.map]] : [])),
    )
    return new RouteTable(
      rules.map((each) => ('rule' in each ? each.rule : each)),
      (map) => maps.get(map)!,
    )
  }

  it('a line wins over a route with a less specific name, and a route over a less specific line, in any order', () => {
    const lines = mapped('sni', { 'a.x.test': 'line', '*.y.test': 'wild line', '*': 'any line' })
    const rules = [rule('wild', { sni: ['*.x.test'] }), rule('exact', { sni: ['a.y.test'] })]
    for (const order of [
      [lines, ...rules],
      [...rules, lines],
    ]) {
      const find = (serverName?: string) => tableOf(...order).find({ client: undefined, serverName })?.cluster
      expect(['a.x.test', 'b.x.test', 'a.y.test', 'b.y.test', undefined].map(find)).toEqual([
        'line',
        'wild',
        'exact',
        'wild line',
        'any line',
      ])
    }
  })

  it('of a line and a route that are equally specific, the first one in the list wins', () => {
    const lines = mapped('sni', { 'a.test': 'line' })
    const route = rule('route', { sni: ['a.test'] })
    const find = (table: RouteTable) => table.find({ client: undefined, serverName: 'a.test' })?.cluster
    expect([tableOf(lines, route), tableOf(route, lines)].map(find)).toEqual(['line', 'route'])
  })

  it('a line by host goes before a route by server name, as a route by host does', () => {
    const lines = mapped('host', { 'a.test': 'line' })
    const table = tableOf(rule('sni', { sni: ['a.test'] }), lines)
    expect(table.find({ client: undefined, serverName: 'a.test', host: 'a.test' })?.cluster).toBe('line')
    expect(table.find({ client: undefined, serverName: 'a.test', host: 'b.test' })?.cluster).toBe('sni')
  })

  it('every condition of a route with a map holds for its lines', () => {
    const lines = mapped(
      'database',
      { orders: 'line' },
      { source: ['10.0.0.0/8'], sni: ['*.a.test'], http: 'pass' },
    )
    const find = (facts: Partial<Facts>) =>
      tableOf(lines, rule('else')).find({
        client: client('10.1.1.1'),
        serverName: 'x.a.test',
        database: 'orders',
        ...facts,
      })
    expect(find({})).toEqual({ cluster: 'line', http: 'pass', index: 0 })
    expect(find({ client: client('192.0.2.1') })?.cluster).toBe('else')
    expect(find({ serverName: 'a.test' })?.cluster).toBe('else')
    expect(find({ database: 'Orders' })?.cluster).toBe('else')
    expect(find({ database: undefined })?.cluster).toBe('else')
  })

  it('a line that rejects turns its clients away, and a client in no line goes to the next route', () => {
    const table = tableOf(mapped('sni', { 'a.test': undefined }), rule('else'))
    expect(table.find({ client: undefined, serverName: 'a.test' })).toEqual({
      cluster: undefined,
      http: undefined,
      index: 0,
    })
    expect(table.find({ client: undefined, serverName: 'b.test' })?.cluster).toBe('else')
  })
})
