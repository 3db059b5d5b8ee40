/** What may occur only once in a config: names and addresses of listeners, addresses of a cluster's backends. */
import { describe, expect, it } from 'vitest'
import { formatPath } from '../../../src/config/checks/path.js'
import { checkReferences } from '../../../src/config/checks/references.js'

function problemsWith(change: object): string[] {
  const listeners = [{ address: '127.0.0.1:7000', cluster: 'pg' }]
  const findings = checkReferences({
    listeners,
    clusters: { pg: { backends: ['127.0.0.1:9000'] } },
    ...change,
  })
  return findings.map(({ path, message }) => `${formatPath(path)}: ${message}`)
}

describe('checkReferences', () => {
  it.each([
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['localhost:80', '127.0.0.1:80'],
    ['[::1]:80', '[0:0::1]:80'],
    ['[fe80::1%lo]:80', '[fe80:0::1%lo]:80'],
    ['unix:/a', 'unix:/a'],
  ])('a config with two listeners on one address is refused: %s and %s', (first, second) => {
    const problems = problemsWith({
      listeners: [first, second].map((address) => ({ address, cluster: 'pg' })),
    })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(
      /^listeners\[1\]\.address: .* is already used at listeners\[0\]\.address: write another address$/,
    )
  })

  it('a config may have several listeners on port 0 if their names differ', () => {
    const listener = (name?: string) => ({ address: '127.0.0.1:0', cluster: 'pg', ...(name && { name }) })
    expect(problemsWith({ listeners: [listener(), listener('b'), listener('c')] })).toEqual([])
    expect(problemsWith({ listeners: [listener(), listener()] })).toEqual([
      'listeners[1]: the name "127.0.0.1:0" is already used at listeners[0]: write another name',
    ])
  })

  it('a config with two listeners of one name is refused, whether the name is given or is the address', () => {
    const listeners = [
      { address: '127.0.0.1:80', cluster: 'pg' },
      { address: '127.0.0.1:81', cluster: 'pg', name: '127.0.0.1:80' },
      { address: '127.0.0.1:82', cluster: 'pg', name: 'x' },
      { address: '127.0.0.1:83', cluster: 'pg', name: 'x' },
    ]
    expect(problemsWith({ listeners })).toEqual([
      'listeners[1].name: the name "127.0.0.1:80" is already used at listeners[0]: write another name',
      'listeners[3].name: the name "x" is already used at listeners[2].name: write another name',
    ])
  })

  it('a config may have a backend in two clusters, but not twice in one cluster', () => {
    const pg = { backends: ['DB.example:1', { address: 'db.example:1' }] }
    expect(problemsWith({ clusters: { pg } })).toEqual([
      'clusters.pg.backends[1]: db.example:1 is already used at clusters.pg.backends[0]: remove one. For a larger share, use a larger weight',
    ])
    const one = { backends: ['db.example:1'] }
    expect(problemsWith({ clusters: { pg: one, other: one } })).toEqual([])
  })
})
