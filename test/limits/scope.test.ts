import { expect, test } from 'vitest'
import {
  formatScope,
  listenerOf,
  PROCESS,
  readScope,
  scopeOfCluster,
  scopeOfListener,
  scopesOf,
} from '../../src/limits/scope.js'

test('a scope gives back the kind and the name that it was made of, whatever the name is', () => {
  for (const name of ['ssh', 'a/b', '127.0.0.1:80', 'process', 'unix:/run/x.sock']) {
    expect(readScope(scopeOfListener(name))).toEqual({ kind: 'listener', name })
    expect(readScope(scopeOfCluster(name))).toEqual({ kind: 'cluster', name })
    expect([listenerOf(scopeOfListener(name)), listenerOf(scopeOfCluster(name))]).toEqual([name, undefined])
  }
  expect([readScope(PROCESS), listenerOf(PROCESS)]).toEqual([{ kind: 'process', name: undefined }, undefined])
})

test('people read the kind and the name of a scope', () => {
  const scopes = [PROCESS, scopeOfListener('a/b'), scopeOfCluster('db')]
  expect(scopes.map(formatScope)).toEqual(['the proxy', 'listener a/b', 'cluster db'])
})

test('a config has one scope for the process, and one for each listener and cluster, with or without limits', () => {
  const config = { listeners: [{ name: 'ssh' }], clusters: { db: {} } }
  expect(scopesOf(config)).toEqual([
    ['process', undefined],
    ['listener/ssh', undefined],
    ['cluster/db', undefined],
  ])
})
