/** What the page shows of the moments that it gets, and what its buttons do. A Teller sends more than a proxy would. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ProblemError } from '../../src/admin/http/problem.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { DESK } from './bed.js'
import { Shown } from './shown.js'
import { backend, cluster, connection, ending, listener, moment } from './teller.js'

const NAMES = `[...document.querySelectorAll('#connections tbody th')].map((cell) => cell.textContent)`

describe.skipIf(areMissing('chromium'))('the tables of the status page', () => {
  const folder = temporaryFolder()
  let shown: Shown

  beforeAll(() => {
    shown = new Shown(folder)
  })
  afterAll(() => shown.browser.close())
  beforeEach(() => shown.begin())
  afterEach(() => shown.end())

  describe('the busiest connections', () => {
    it('the connections on the page keep their places while one of their buttons has the focus', async () => {
      await shown.open()
      await shown.tell(1, {}, [connection('1', 300), connection('2', 200), connection('3', 100)])
      await shown.evaluate(`document.querySelector('[data-kill="2"]').focus()`)
      await shown.tell(2, {}, [connection('3', 900), connection('2', 200), connection('4', 1)])
      expect(await shown.evaluate('document.activeElement.dataset.kill')).toBe('2')
      expect(await shown.evaluate(NAMES)).toEqual(['192.0.2.1:1', '192.0.2.1:2', '192.0.2.1:3'])
      expect(await shown.text('tr:has([data-kill="3"]) td.number:nth-of-type(5)')).toBe('900 B/s')
      expect(await shown.evaluate(`document.querySelector('tr.over th').textContent`)).toBe('192.0.2.1:1')
      expect(await shown.evaluate(`getComputedStyle(document.getElementById('held')).visibility`)).toBe(
        'visible',
      )
      await shown.evaluate('document.activeElement.blur()')
      await shown.tell(3, {}, [connection('3', 900), connection('2', 200), connection('4', 1)])
      expect(await shown.evaluate(NAMES)).toEqual(['192.0.2.1:3', '192.0.2.1:2', '192.0.2.1:4'])
    })

    it('the connections on the page do not move under the pointer', async () => {
      await shown.open()
      await shown.tell(1, {}, [connection('1', 300), connection('2', 200)])
      await shown.browser.pointAt('[data-kill="1"]')
      await shown.tell(2, {}, [connection('2', 900), connection('1', 300)])
      expect(await shown.evaluate(NAMES)).toEqual(['192.0.2.1:1', '192.0.2.1:2'])
      await shown.browser.pointAt('h1')
      await shown.tell(3, {}, [connection('2', 900), connection('1', 300)])
      expect(await shown.evaluate(NAMES)).toEqual(['192.0.2.1:2', '192.0.2.1:1'])
    })

    it('the focus stays at the table when all connections on the page are gone', async () => {
      await shown.open()
      await shown.tell(1, {}, [connection('1')])
      await shown.evaluate(`document.querySelector('[data-kill="1"]').focus()`)
      await shown.tell(2, { startedAt: '2026-01-02T00:00:00.000Z' }, [connection('9')])
      expect(await shown.evaluate(NAMES)).toEqual(['192.0.2.1:9'])
      expect(await shown.evaluate(`document.activeElement.contains(document.getElementById('connections'))`)) //
        .toBe(true)
      expect(await shown.evaluate(`document.activeElement.className`)).toBe('scroll')
    })

    it('a connection on the page can be ended by keys alone, and then keeps the focus', async () => {
      await shown.open()
      await shown.tell(1, {}, [connection('1'), connection('2')])
      await shown.evaluate(`document.querySelector('[data-kill="1"]').focus()`)
      await shown.browser.press('Enter')
      await shown.browser.press('Enter')
      await shown.browser.until(`document.getElementById('killed').textContent === 'killed 1'`)
      expect(await shown.evaluate('document.activeElement.textContent')).toBe('killed')
      await shown.tell(2, {}, [connection('2')])
      expect(await shown.evaluate('document.activeElement.ariaLabel')).toBe('killed connection 1')
      await shown.browser.press('Tab')
      expect(await shown.evaluate('document.activeElement.dataset.kill')).toBe('2')
    })

    it('the page says why a connection was not ended', async () => {
      const problem = new ProblemError(404, 'no connection 1')
      shown.teller.kill = (response) => {
        response.writeHead(404, { 'content-type': 'application/problem+json' })
        response.end(JSON.stringify(problem))
      }
      await shown.open()
      await shown.tell(1, {}, [connection('1')])
      await shown.browser.click('[data-kill]')
      await shown.browser.click('[data-kill]')
      await shown.browser.until(`document.getElementById('killed').textContent !== ''`)
      expect(await shown.text('#killed')).toBe('did not kill 1: no connection 1')
      expect(await shown.text('[data-kill]')).toBe('Kill')
    })
  })

  it('the page shows the reason of a refused event stream', async () => {
    shown.teller.problem = new ProblemError(503, '16 event streams are open already')
    await shown.browser.open(shown.teller.url, DESK)
    await shown.isIn('gone')
    expect(await shown.text('#alarm-what')).toBe('No data: 16 event streams are open already.')
  })

  it('the page says that it cannot show a moment of a wrong form', async () => {
    await shown.open()
    shown.teller.tell({ status: {} })
    await shown.isIn('gone')
    expect(await shown.text('#alarm-what')).toContain(
      'this page cannot show the data that it received (TypeError',
    )
  })

  it('the page shows the latencies of the last five minutes for each backend', async () => {
    const took = (counts: number[]) => ({ bounds: [0.001, 0.01, 0.1], counts, sum: 0 })
    const status = (counts: number[]) => ({
      clusters: [
        cluster('db', [backend('a', { connectSeconds: took(counts) }), backend('b')], {
          connectSeconds: took([9, 9, 9, 9]),
        }),
      ],
    })
    shown.teller.last = moment(status([1_000_000, 0, 0, 0]))
    await shown.open()
    const cell = (row: number) =>
      shown.text(`#backends tbody tr:nth-child(${row}) td:nth-child(9 of :not([hidden]))`)
    expect(await cell(1)).toBe('–')
    await shown.tell(2, status([1_000_000, 0, 10, 0]))
    expect(await cell(1)).toBe('100ms, 100ms')
    expect(await cell(2)).toBe('–')
    expect(
      await shown.evaluate(`document.querySelector('#backends th:nth-child(9 of :not([hidden]))').title`),
    ).toContain('in the last five minutes')
  })

  it('a page that was just opened shows the last five minutes of the process', async () => {
    const before = { agoMs: 290_000, startedAt: moment().status.startedAt }
    const traffic = (bytesUp: number, count: number) => ({
      connections: { ...moment().status.connections, bytesUp },
      listeners: [listener('web', { accepted: count })],
      endings: [ending('no-backend', { count })],
    })
    shown.teller.past = {
      traffic: Array.from({ length: 30 }, (_, index) => {
        const agoMs = 295_000 - index * 10_000
        return { ...before, agoMs, ...traffic(0, agoMs > 20_000 ? 3 : 8) }
      }),
      counts: [{ ...before, endings: [ending('no-backend', { count: 3 })], clusters: [] }],
    }
    shown.teller.last = moment(traffic(0, 10))
    await shown.open()
    expect(await shown.text('#listeners td.bad')).toBe('7')
    expect(await shown.text('#endings .number.bad')).toBe('7')
    expect(await shown.text('#tile-failed')).toBe('7')
  })

  it('the page shows how connections ended, failures first, with the recent and the total count', async () => {
    const rows = `[...document.querySelectorAll('#endings tbody tr')].map((row) =>
      [0, 5, 6].map((index) => row.cells[index].textContent).join(' '))`
    shown.teller.last = moment({ endings: [ending('finished', { count: 9000, outcome: 'ordinary' })] })
    await shown.open()
    await shown.tell(2, {
      endings: [
        ending('finished', { count: 9010, outcome: 'ordinary' }),
        ending('no-backend', { count: 2 }),
        ending('reset', { count: 0 }),
      ],
    })
    expect(await shown.evaluate(rows)).toEqual(['no-backend 2 2', 'finished 10 9010'])
    expect(await shown.text('#endings .number.bad')).toBe('2')
  })

  it('the page shows drains, bans, rates that make connections wait, and what is wrong with workers and lists', async () => {
    await shown.open()
    const drains = [
      { scope: { listener: 'web' }, left: 12, deadlineAt: '2026-01-01T00:00:30.000Z' },
      { scope: { cluster: 'db', backend: '10.0.0.1:80' }, left: 3 },
      { scope: { cluster: 'db' }, left: 2 },
      { scope: {}, left: 1 },
    ]
    await shown.tell(1, {
      drains,
      bans: { active: 2, ordered: 0, found: 2 },
      topBans: [
        {
          clients: { network: '192.0.2.1' },
          by: 'limit',
          why: '',
          until: '2026-01-01T00:00:30.000Z',
          refused: 7,
        },
      ],
      workers: 4,
      workersWanted: 5,
      workersSilent: 1,
      workerDeaths: 2,
      workersDiffer: ['logLevel'],
      lists: [
        {
          kind: 'addresses',
          file: 'allow.txt',
          entries: 3,
          loadedAt: '2026-01-01T00:00:00.000Z',
          isFailing: false,
        },
        {
          kind: 'addresses',
          file: 'deny.txt',
          entries: 2,
          loadedAt: '2999-01-01T00:00:00.000Z',
          isFailing: true,
          error: 'deny.txt:3:1 "10.0.0.0/33": expected a number from 0 to 32',
        },
      ],
      rates: [
        { scope: 'listener/web', per: 'scope', direction: 'down', waiting: 3, waitedSeconds: 9 },
        { scope: 'process', per: 'source', direction: 'up', waiting: 1, waitedSeconds: 9 },
        { scope: 'process', per: 'scope', direction: 'up', waiting: 0, waitedSeconds: 9 },
      ],
    })
    expect(await shown.text('#rates')).toBe(
      'listener web: 3 connections wait for bytesPerSecond down · ' +
        'the proxy: 1 connection waits for perSource.bytesPerSecond up',
    )
    expect(await shown.text('#drains')).toBe(
      'draining listener web: 12 connections left, 0ms to the deadline · ' +
        'draining backend 10.0.0.1:80 of db: 3 connections left, no deadline · ' +
        'draining cluster db: 2 connections left, no deadline · ' +
        'draining everything: 1 connection left, no deadline',
    )
    expect(await shown.text('#bans')).toBe('2 bans, such as 192.0.2.1 for 0ms (7 refused)')
    expect(await shown.text('#facts')).toContain('4 of 5 workers')
    expect(await shown.text('#workers')).toBe(
      'no answer from 1 worker, figures are old · 2 workers died · workers differ in logLevel · ' +
        'old list in use, read 0ms ago: deny.txt:3:1 "10.0.0.0/33": expected a number from 0 to 32',
    )
    await shown.tell(2, { drains: [] })
    expect(await shown.evaluate(`document.getElementById('drains').offsetHeight`)).toBe(0)
  })

  it('the page has as many nodes and event listeners after 150 more moments', async () => {
    // Each look at the clock moves it ahead by a second.
    await shown.open()
    await shown.evaluate(`(() => { let now = Date.now(); Date.now = () => (now += 1000) })()`)
    const busiestShown = 20
    const nodesOfAMoment = 20 * busiestShown
    const feed = async (from: number, to: number) => {
      for (let mark = from; mark <= to; mark++) {
        const busiest = Array.from({ length: busiestShown }, (_, index) =>
          connection(`${mark}-${index}`, index),
        )
        await shown.tell(mark, { listeners: [listener(`web-${mark % 3}`)] }, busiest)
      }
      return shown.browser.counts()
    }
    const before = await feed(1, 30)
    const after = await feed(31, 180)
    // A leak would be hundreds of these. One or two may still wait for the garbage collector.
    expect(after.nodes - before.nodes).toBeLessThan(5 * nodesOfAMoment)
    expect(after.listeners - before.listeners).toBeLessThan(5 * busiestShown)
  }, 60_000)

  it('a hidden page draws nothing, and draws the last moment when it is seen again', async () => {
    await shown.open()
    await shown.tell(1)
    const uncover = await shown.browser.cover()
    await shown.browser.until('document.hidden')
    shown.teller.tell(
      moment({ state: 'draining', connections: { ...moment().status.connections, active: 7 } }),
    )
    await shown.browser.until(`document.title.startsWith('(draining) millrace')`)
    expect(await shown.text('#tile-active')).toBe('1')
    await uncover()
    await shown.browser.until(`document.getElementById('tile-active').textContent === '7'`)
  })

  it('the page shows tiers, reasons and changes of backends only if a backend has them', async () => {
    await shown.open()
    const titles = `[...document.querySelectorAll('#backends thead th:not([hidden])')].map((cell) => cell.textContent)`
    const cells = `[...document.querySelectorAll('#backends tbody tr:first-child > :not([hidden])')].map((cell) => cell.textContent)`
    await shown.tell(1, { clusters: [cluster('db', [backend('a:1'), backend('b:1')])] })
    expect(await shown.evaluate(`${titles}.slice(0, 4)`)).toEqual(['Backend', 'Cluster', 'State', 'Weight'])
    const changedAt = new Date(Date.now() - 7_200_000).toISOString()
    const down = backend('b:1', {
      state: 'down',
      tier: 1,
      judgedBy: 'check',
      reason: 'L7STS',
      reasonDetail: '503',
      changedAt,
    })
    await shown.tell(2, { clusters: [cluster('db', [backend('a:1'), down])] })
    expect(await shown.evaluate(`${titles}.slice(2, 6)`)).toEqual(['Tier', 'State', 'Reason', 'Changed'])
    expect(await shown.evaluate(`${cells}.slice(0, 6)`)).toEqual([
      'b:1',
      'db',
      '1',
      'down',
      'L7STS (503) by check',
      '2h 0m ago',
    ])
    await shown.tell(3, { clusters: [cluster('db', [backend('a:1'), backend('b:1')])] })
    expect(await shown.evaluate(`${titles}.slice(2, 4)`)).toEqual(['State', 'Weight'])
  })
})
