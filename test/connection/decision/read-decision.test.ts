/** What a route function may return, and how a mistake is told. */
import { describe, expect, it } from 'vitest'
import { readDecision } from '../../../src/connection/decision/read-decision.js'

const WANTED = 'the result of visitor.reject(), or nothing'

describe('what a route function returns', () => {
  it.each([
    [undefined, {}],
    ['app', { cluster: 'app' }],
    [{}, {}],
    [{ cluster: 'app', key: undefined }, { cluster: 'app' }],
    [Object.assign(Object.create(null), { key: 'user 1' }), { key: 'user 1' }],
    [{ timeouts: { idleMs: '1s' } }, { timeouts: { idleMs: 1000 } }],
  ])('%j is a decision', (returned, decision) => {
    expect(readDecision(returned)).toEqual(decision)
  })

  it('a rejection keeps its reason and its answer', () => {
    const rejection = { isRejected: true, reason: 'no', answer: Buffer.from('no') }
    expect(readDecision(rejection)).toEqual(rejection)
  })

  it.each<[unknown, string]>([
    [null, 'it returned null: return the name of a cluster'],
    [Number.NaN, `it returned NaN: return the name of a cluster, an object with some of cluster`],
    [true, 'it returned true'],
    [7n, 'it returned 7'],
    [Symbol('x'), 'it returned Symbol(x)'],
    [['app'], 'it returned a list'],
    [() => 'app', 'it returned a function'],
    [new Map([['cluster', 'app']]), 'it returned a Map'],
    [new Error('no'), WANTED],
    [{ clutser: 'app' }, '"clutser" is an unknown key; did you mean "cluster"?'],
    [{ constructor: 'app' }, '"constructor" is an unknown key: write one of "cluster", "backend"'],
    [{ cluster: 5 }, 'route: cluster: expected a text, not 5'],
    [{ cluster: { name: 'app' } }, 'route: cluster: expected a text, not an object'],
    [{ key: 5 }, 'route: key: expected a text, not 5'],
    [{ timeouts: { idelMs: 1 } }, '"timeouts.idelMs" is an unknown key; did you mean "idleMs"?'],
    [{ tags: new Map([['tenant', 'a']]) }, 'route: tags: expected a map of texts, not a Map'],
    [{ tags: new Set(['a']) }, 'route: tags: expected a map of texts, not a Set'],
    [{ limits: new Date(0) }, 'route: limits: expected a map such as { bytesPerSecond: "1MiB" }, not a Date'],
    [{ timeouts: [] }, 'route: timeouts: expected a map such as { idleMs: "8h" }, not a list'],
    [{ backend: new Map() }, 'route: backend: expected an address, or a map such as'],
  ])('%s is a mistake, and the error says what to return', (returned, message) => {
    expect(() => readDecision(returned)).toThrow(message)
  })
})
