import { expect, it } from 'vitest'
import { checkNames, hasNames, type Named, unknownName } from '../../src/control/names.js'

const names = {
  listeners: ['front', 'admin', 'web@0.0.0.0:80', 'web@[::]:80'],
  clusters: [
    { name: 'db', backends: ['10.0.0.1:5432'] },
    { name: 'web', backends: ['10.0.0.2:80', 'app.example:80'] },
  ],
}

it.each<[Named, string]>([
  [{ listener: 'frnt' }, 'there is no listener "frnt"; did you mean "front"?'],
  [{ listener: 'web' }, '"web" has 2 addresses: name one of web@0.0.0.0:80, web@[::]:80'],
  [{ listener: 'x"y' }, 'there is no listener "x\\"y"'],
  [{ cluster: 'webb', backend: 'x:1' }, 'there is no cluster "webb"; did you mean "web"?'],
  [{ cluster: 'db', backend: '10.0.0.2:80' }, 'there is no backend "10.0.0.2:80" in cluster "db"'],
  [
    { cluster: 'web', backend: 'app.exmple:80' },
    'there is no backend "app.exmple:80" in cluster "web"; did you mean "app.example:80"?',
  ],
  [{ backend: 'x:1' }, 'there is no backend "x:1"'],
])('checkNames reports the first unknown name in %j', (named, sentence) => {
  expect(() => checkNames(named, names)).toThrow(
    expect.objectContaining({ code: 'unknown-name', message: sentence }),
  )
  expect(hasNames(named, names)).toBe(false)
})

it.each<[Named]>([
  [{}],
  [{ listener: 'front' }],
  [{ cluster: 'db', backend: '10.0.0.1:5432' }],
  [{ backend: '10.0.0.2:80' }],
])('checkNames accepts %j, where every name exists', (named) => {
  checkNames(named, names)
  expect(hasNames(named, names)).toBe(true)
})

it('unknownName reports an unknown connection in the same words', () => {
  expect(unknownName('connection', '01ARZ').message).toBe('there is no connection "01ARZ"')
})

it('unknownName names at most 8 addresses of a listener', () => {
  const known = Array.from({ length: 1000 }, (_, index) => `rooms@0.0.0.0:${27_000 + index}`)
  const { message } = unknownName('listener', 'rooms', known)
  expect(message).toMatch(/^"rooms" has 1000 addresses: name one of rooms@0\.0\.0\.0:27000, .*:27007, …$/)
})
