/** Names that clients ask for once: who shares a question, and what is left of one that nobody waits for. */
import { beforeEach, expect, it } from 'vitest'
import type { Reading } from '../../../src/cluster/names/provider.js'
import { Reader } from '../../../src/cluster/names/reader.js'
import { ScriptedDns, SETTINGS } from './scripted-dns.js'

let clients: ScriptedDns[]
let reader: Reader

beforeEach(() => {
  clients = []
  const createClient = (): ScriptedDns => {
    const client = new ScriptedDns()
    clients.push(client)
    return client
  }
  reader = new Reader(SETTINGS, { createClient, now: () => 0 })
})

function read(name: string) {
  const readings: Reading[] = []
  const done = (reading: Reading): void => void readings.push(reading)
  const asking = reader.read({ kind: 'host', name }, done)
  return { readings, cancel: () => asking.cancel() }
}
const places = (...ips: string[]) => [{ kind: 'places', places: ips.map((ip) => ({ ip })) }]

it('clients that ask for the same name at the same time share one question, whatever its case', () => {
  const [first, second, other] = [read('a.test'), read('A.test'), read('b.test')]
  expect(clients.map(({ names }) => names)).toEqual([['a.test', 'b.test']])
  clients[0]!.found('a.test', ['20.0.0.1'])
  expect([first.readings, second.readings]).toMatchObject([places('20.0.0.1'), places('20.0.0.1')])
  expect(other.readings).toEqual([])
})

it('a client that comes after the answer asks anew', () => {
  read('a.test')
  clients[0]!.found('a.test', ['20.0.0.1'])
  const later = read('a.test')
  expect(later.readings).toEqual([])
  clients[0]!.found('a.test', ['20.0.0.2'])
  expect(later.readings).toMatchObject(places('20.0.0.2'))
})

it('a question ends when the last client that waits for it leaves', () => {
  const [first, second] = [read('a.test'), read('a.test')]
  first.cancel()
  first.cancel()
  expect(clients[0]!.names).toEqual(['a.test'])
  second.cancel()
  expect(clients[0]!.names).toEqual([])
  const later = read('a.test')
  second.cancel()
  expect(clients[0]!.names).toEqual(['a.test'])
  clients[0]!.found('a.test', ['20.0.0.1'])
  expect([first.readings, second.readings]).toEqual([[], []])
  expect(later.readings).toMatchObject(places('20.0.0.1'))
})

it('a client that another one makes leave is not told the answer', () => {
  let isTold = false
  reader.read({ kind: 'host', name: 'a.test' }, () => second.cancel())
  const second = reader.read({ kind: 'host', name: 'a.test' }, () => {
    isTold = true
  })
  clients[0]!.found('a.test', ['20.0.0.1'])
  expect(isTold).toBe(false)
})

it('later questions follow new settings, and those under way get their answers', () => {
  const before = read('a.test')
  reader.configure(SETTINGS)
  const after = read('a.test')
  expect(clients.map(({ names }) => names)).toEqual([['a.test'], ['a.test']])
  clients[0]!.found('a.test', ['20.0.0.1'])
  expect(after.readings).toEqual([])
  clients[1]!.found('a.test', ['20.0.0.2'])
  expect([before.readings, after.readings]).toMatchObject([places('20.0.0.1'), places('20.0.0.2')])
})
