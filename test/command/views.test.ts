/** The tables of `millrace status`: what a reload has removed is shown as leaving as long as it exists. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { statusLines } from '../../src/command/views.js'
import type { BackendReport, ListenerReport } from '../../src/observe/status.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'

let backend: Backend
let bed: Bed
beforeEach(async () => {
  backend = (await Backend.listen()).echo()
  bed = await Bed.start({ backends: [backend] })
})
afterEach(async () => {
  await bed.end()
  await backend.close()
})

const line = (start: string): string =>
  statusLines(bed.proxy.status(), Date.now()).find((each) => each.startsWith(start)) ?? ''

it('`millrace status` shows a removed listener and backend as leaving while they have connections', async () => {
  const client = await bed.connect()
  client.send(Buffer.from('hello'))
  await client.receive(5)
  expect(line('front')).toMatch(/ listening +1 +1 /)
  expect(line('back')).toMatch(/ up +1 +1 /)
  await bed.reload({
    listeners: [{ name: 'other', address: '127.0.0.1:0', cluster: 'back' }],
    clusters: { back: { backends: ['127.0.0.1:1'] } },
  })
  expect(line(`back     ${backend.address}`)).toMatch(/ leaving +1 +1 /)
  expect(line('front')).toMatch(/ leaving +1 +1 /)
  client.end()
  await bed.recorded(1)
  expect(line('front')).toBe('')
  expect(line(`back     ${backend.address}`)).toBe('')
})

it('`millrace status` shows tiers, reasons and changes only if a backend has them', () => {
  const status = bed.proxy.status()
  const [first, ...others] = status.clusters
  const titles = (fields: Partial<BackendReport>): string | undefined => {
    const backends = first!.backends.map((each) => ({ ...each, ...fields }))
    const lines = statusLines({ ...status, clusters: [{ ...first!, backends }, ...others] }, Date.now())
    return lines.find((each) => each.startsWith('CLUSTER'))?.replace(/ +/g, ' ')
  }
  expect(titles({})).toBe('CLUSTER BACKEND STATE WEIGHT ACTIVE CONNECTS FAILED UP DOWN LAST ERROR')
  expect(titles({ tier: 1 })).toContain('BACKEND TIER STATE WEIGHT')
  expect(titles({ changedAt: new Date().toISOString() })).toContain('STATE CHANGED WEIGHT')
  expect(titles({ judgedBy: 'check', reason: 'L4OK' })).toContain('DOWN REASON LAST ERROR')
})

it('`millrace status` shows denied clients only if there are any', () => {
  const status = bed.proxy.status()
  const [listener] = status.listeners
  const shown = (denied: ListenerReport['denied']): string[] => {
    const lines = statusLines({ ...status, listeners: [{ ...listener!, denied }] }, Date.now())
    return lines.filter((each) => /^LISTENER|^front/.test(each)).map((each) => each.replace(/ +/g, ' '))
  }
  expect(shown(listener!.denied)[0]).toContain('ACCEPTED UP')
  const [titles, row] = shown([
    { why: 'rejected', count: 1200 },
    { why: 'rate', count: 34 },
  ])
  expect(titles).toContain('ACCEPTED DENIED UP')
  expect(row).toContain(' 0 1234 0 B')
})
