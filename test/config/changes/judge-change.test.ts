/** A check of changed clusters alone finds what a check of the whole config finds. */
import { expect, it } from 'vitest'
import type { Change } from '../../../src/config/changes/change.js'
import { judgeChanges } from '../../../src/config/changes/judge-change.js'
import { judge, validateConfig } from '../../../src/config/validate.js'

const CLUSTERS = Array.from({ length: 20 }, (_, index) => `c${index}`)

/** `more`: a second backend of the cluster with this name. */
const configOf = (more: Readonly<Record<string, string>> = {}) => ({
  listeners: [
    { name: 'one', address: '127.0.0.1:81', cluster: 'b' },
    { name: 'two', address: '127.0.0.1:82', cluster: 'a' },
  ],
  clusters: Object.fromEntries(
    ['a', 'b', ...CLUSTERS].map((name) => [
      name,
      { backends: ['10.0.0.1:80', ...(name in more ? [more[name]] : [])] },
    ]),
  ),
})

const before = validateConfig(configOf())

const judged = (more: Readonly<Record<string, string>>) => {
  const changes = Object.entries(more).map(
    ([cluster, spec]): Change => ({ do: 'add-backend', cluster, spec }),
  )
  return judgeChanges(before, configOf(more), changes)
}

it.each<Record<string, string>>([
  { a: '10.0.0.2:80' },
  { a: '10.0.0.2:80', b: '10.0.0.3:80' },
  { a: '127.0.0.1:82', b: '10.0.0.3:80' },
  { b: '10.0.0.3:80', a: '127.0.0.1:82' },
  { a: '127.0.0.1:81', b: '10.0.0.3:80' },
  { a: '127.0.0.1:81', b: '127.0.0.1:82' },
  Object.fromEntries(CLUSTERS.map((name) => [name, '10.0.0.2:80'])),
])('backends %j', (more) => {
  expect(judged(more)).toEqual(judge(configOf(more)))
})

it('a backend that is the listener of its cluster is no error beside another backend, as in a whole config', () => {
  expect(judged({ a: '127.0.0.1:82', b: '10.0.0.3:80' })).toHaveProperty('config')
})
