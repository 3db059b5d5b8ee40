/** What a page does with more, stranger and faster news than a proxy would send. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ProblemError } from '../../src/admin/problem.js'
import { Chromium, type View } from '../support/chromium.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { DESK } from './bed.js'
import { backend, cluster, connection, listener, moment, Teller } from './teller.js'

const PHONE: View = { width: 390, height: 844, theme: 'light' }
const NAMES = `[...document.querySelectorAll('#connections tbody th')].map((cell) => cell.textContent)`
const HOSTILE = '<img src=x onerror=alert(1)>\u202egnp.elif\u2066\u0000 😀'.repeat(8)

describe.skipIf(areMissing('chromium'))('the status page, whatever it is told', () => {
  const folder = temporaryFolder()
  let browser: Chromium
  let teller: Teller

  beforeAll(() => {
    browser = new Chromium(folder)
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    teller = await Teller.start()
  })
  afterEach(() => teller.close())

  async function open(view = DESK): Promise<void> {
    await browser.open(teller.url, view)
    await browser.until(`document.getElementById('state').dataset.state === 'running'`)
  }

  /** Tells it, and waits until it is shown: the number is this moment's mark. */
  async function tell(mark: number, ...[status, connections]: Parameters<typeof moment>): Promise<void> {
    const totals = { ...moment().status.connections, active: mark }
    teller.tell(moment({ ...status, connections: totals }, connections))
    await browser.until(`document.getElementById('tile-active').textContent === '${mark}'`)
  }

  const text = (selector: string) =>
    browser.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent`)

  const fitsItsWindow = async (width: number) =>
    expect(await browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)

  describe('the busiest connections', () => {
    it('keep their places and the focus while one of their buttons has it, and not for longer', async () => {
      await open()
      await tell(1, {}, [connection('1', 300), connection('2', 200), connection('3', 100)])
      await browser.evaluate(`document.querySelector('[data-kill="2"]').focus()`)
      await tell(2, {}, [connection('3', 900), connection('2', 200), connection('4', 1)])
      expect(await browser.evaluate('document.activeElement.dataset.kill')).toBe('2')
      expect(await browser.evaluate(NAMES)).toEqual(['192.0.2.1:1', '192.0.2.1:2', '192.0.2.1:3'])
      expect(await text('tr:has([data-kill="3"]) td.number:nth-of-type(5)')).toBe('900 B/s')
      expect(await browser.evaluate(`document.querySelector('tr.over th').textContent`)).toBe('192.0.2.1:1')
      expect(await browser.evaluate(`getComputedStyle(document.getElementById('held')).visibility`)).toBe(
        'visible',
      )
      await browser.evaluate('document.activeElement.blur()')
      await tell(3, {}, [connection('3', 900), connection('2', 200), connection('4', 1)])
      expect(await browser.evaluate(NAMES)).toEqual(['192.0.2.1:3', '192.0.2.1:2', '192.0.2.1:4'])
    })

    it('do not move under the pointer', async () => {
      await open()
      await tell(1, {}, [connection('1', 300), connection('2', 200)])
      await browser.pointAt('[data-kill="1"]')
      await tell(2, {}, [connection('2', 900), connection('1', 300)])
      expect(await browser.evaluate(NAMES)).toEqual(['192.0.2.1:1', '192.0.2.1:2'])
      await browser.pointAt('h1')
      await tell(3, {}, [connection('2', 900), connection('1', 300)])
      expect(await browser.evaluate(NAMES)).toEqual(['192.0.2.1:2', '192.0.2.1:1'])
    })

    it('leave the focus nearby when all of them are gone', async () => {
      await open()
      await tell(1, {}, [connection('1')])
      await browser.evaluate(`document.querySelector('[data-kill="1"]').focus()`)
      await tell(2, { startedAt: '2026-01-02T00:00:00.000Z' }, [connection('9')])
      expect(await browser.evaluate(NAMES)).toEqual(['192.0.2.1:9'])
      expect(
        await browser.evaluate(`document.activeElement.contains(document.getElementById('connections'))`),
      ) //
        .toBe(true)
      expect(await browser.evaluate(`document.activeElement.className`)).toBe('scroll')
    })

    it('are ended by keys alone, and what has ended keeps the focus', async () => {
      await open()
      await tell(1, {}, [connection('1'), connection('2')])
      await browser.evaluate(`document.querySelector('[data-kill="1"]').focus()`)
      await browser.press('Enter')
      await browser.press('Enter')
      await browser.until(`document.getElementById('killed').textContent === 'ended 1'`)
      expect(await browser.evaluate('document.activeElement.textContent')).toBe('ended')
      await tell(2, {}, [connection('2')])
      expect(await browser.evaluate('document.activeElement.ariaLabel')).toBe('ended connection 1')
      await browser.press('Tab')
      expect(await browser.evaluate('document.activeElement.dataset.kill')).toBe('2')
    })

    it('say why one was not ended', async () => {
      const problem = new ProblemError(404, 'no connection 1')
      teller.kill = (response) => {
        response.writeHead(404, { 'content-type': 'application/problem+json' })
        response.end(JSON.stringify(problem))
      }
      await open()
      await tell(1, {}, [connection('1')])
      await browser.click('[data-kill]')
      await browser.click('[data-kill]')
      await browser.until(`document.getElementById('killed').textContent !== ''`)
      expect(await text('#killed')).toBe('1 was not ended: no connection 1')
      expect(await text('[data-kill]')).toBe('End')
    })
  })

  it('says what the answer says where there is no stream', async () => {
    teller.problem = new ProblemError(503, '16 listen already')
    await browser.open(teller.url, DESK)
    await browser.until(`document.getElementById('state').dataset.state === 'gone'`)
    expect(await text('#alarm-what')).toBe('No answer: 16 listen already.')
  })

  it('says that it cannot show what it was told', async () => {
    await open()
    teller.tell({ status: {} })
    await browser.until(`document.getElementById('state').dataset.state === 'gone'`)
    expect(await text('#alarm-what')).toContain('the page cannot show what it was told (TypeError')
  })

  it('shows latencies of the last five minutes, of each backend alone', async () => {
    const took = (counts: number[]) => ({ bounds: [0.001, 0.01, 0.1], counts, sum: 0 })
    const status = (counts: number[]) => ({
      clusters: [
        cluster('db', [backend('a', { connectSeconds: took(counts) }), backend('b')], {
          connectSeconds: took([9, 9, 9, 9]),
        }),
      ],
    })
    await open()
    await tell(1, status([1_000_000, 0, 0, 0]))
    const cell = (row: number) => text(`#backends tbody tr:nth-child(${row}) td:nth-child(9)`)
    expect(await cell(1)).toBe('–')
    await tell(2, status([1_000_000, 0, 10, 0]))
    expect(await cell(1)).toBe('100 ms, 100 ms')
    expect(await cell(2)).toBe('–')
    expect(await browser.evaluate(`document.querySelector('#backends th:nth-child(9)').title`)).toContain(
      'in the last five minutes',
    )
  })

  it('shows drains, and workers that are silent', async () => {
    await open()
    const drains = [{ scope: 'listener web', left: 12, deadlineAt: '2026-01-01T00:00:30.000Z' }]
    await tell(1, { drains, workers: 4, workersWanted: 4, workersSilent: 1 })
    expect(await text('#drains')).toMatch(/^draining listener web: 12 left, until .*30/)
    expect(await text('#facts')).toContain('4 workers')
    expect(await text('#silent')).toBe('1 of them silent, with old figures')
    await tell(2, { drains: [] })
    expect(await browser.evaluate(`document.getElementById('drains').offsetHeight`)).toBe(0)
  })

  it.each([DESK, PHONE])('takes names for text and nothing else, $width wide', async (view) => {
    await open(view)
    const hostile = connection('1', 5, { client: HOSTILE, sni: HOSTILE, backendAddress: HOSTILE })
    await tell(
      1,
      {
        listeners: [listener(HOSTILE, { address: HOSTILE })],
        clusters: [cluster(HOSTILE, [backend(HOSTILE, { lastError: HOSTILE })])],
        endings: [
          { listener: HOSTILE, by: 'client', phase: 'data', cause: HOSTILE, count: 1, isError: true },
        ],
        version: HOSTILE,
        notSplicing: HOSTILE,
        drains: [{ scope: HOSTILE, left: 1 }],
      },
      [hostile],
    )
    expect(await browser.evaluate(`document.querySelectorAll('img').length`)).toBe(0)
    const name = String(await text('#listeners tbody th'))
    expect(name.startsWith('<img src=x onerror=alert(1)><U+202E>gnp.elif<U+2066><U+0000> 😀')).toBe(true)
    expect(/[\u202e\u2066\0]/.test(String(await text('body')))).toBe(false)
    const rows = await browser.evaluate(
      `Math.max(...[...document.querySelectorAll('tbody tr')].map((row) => row.offsetHeight))`,
    )
    expect(rows).toBeLessThan(50)
    await fitsItsWindow(view.width)
    expect(browser.complaints).toEqual([])
  })

  it.each([DESK, PHONE])(
    'shows two hundred listeners and backends, the bad ones first, $width wide',
    async (view) => {
      await open(view)
      const many = Array.from({ length: 200 }, (_, index) => index)
      const backends = many.map((index) =>
        backend(`10.0.0.${index}:80`, index === 150 ? { state: 'down' } : {}),
      )
      await tell(1, {
        listeners: many.map((index) => listener(`listener-${index}`)),
        clusters: [cluster('a', backends)],
      })
      expect(await browser.evaluate(`document.querySelectorAll('#listeners tbody tr').length`)).toBe(200)
      expect(await text('#backends tbody th')).toBe('10.0.0.150:80')
      expect(await text('#tile-backends')).toBe('199 of 200')
      expect(await browser.evaluate(`document.querySelectorAll('#listener option').length`)).toBe(201)
      await fitsItsWindow(view.width)
      // Nobody scrolls past two hundred rows to see the next table.
      expect(await browser.evaluate('document.documentElement.scrollHeight')).toBeLessThan(4000)
    },
  )

  it('shows nothing at all as nothing', async () => {
    await open()
    await tell(0, { listeners: [], clusters: [] })
    const tiles = `[...document.querySelectorAll('.tile b')].map((tile) => tile.textContent)`
    await browser.until(`${tiles}[0] === '–'`)
    expect(await browser.evaluate(tiles)).toEqual(['–', '0', '0', '0.0', '–', '0 B/s', '0 B/s'])
    expect(await browser.evaluate(`document.querySelectorAll('td.empty').length`)).toBe(4)
  })

  it.each([DESK, PHONE])('moves nothing sideways when figures grow, $width wide', async (view) => {
    await open(view)
    const at = (bytes: number) => {
      const traffic = { bytesUp: bytes, bytesDown: bytes, splicedUp: bytes, splicedDown: 0 }
      return {
        listeners: [listener('web', { active: bytes, accepted: bytes, traffic })],
        clusters: [
          cluster('a', [backend('b', { active: bytes, connections: bytes, failures: bytes, traffic })]),
        ],
      }
    }
    const lefts = `[...document.querySelectorAll('tr > *, .tile, .tile b')].map((each) => each.getBoundingClientRect().left)`
    await tell(1, at(0), [connection('1', 0)])
    const before = await browser.evaluate(lefts)
    await tell(2, at(123_456_789), [connection('1', 987_654_321)])
    expect(await browser.evaluate(lefts)).toEqual(before)
    const cut = `[...document.querySelectorAll('tbody .number')].filter((cell) => cell.scrollWidth > cell.clientWidth)`
    expect(await browser.evaluate(`${cut}.map((cell) => cell.textContent)`)).toEqual([])
  })

  it('has as many nodes and listeners after hundreds of moments as before', async () => {
    // One second for each look at the clock.
    await open()
    await browser.evaluate(`(() => { let now = Date.now(); Date.now = () => (now += 1000) })()`)
    const feed = async (from: number, to: number) => {
      for (let mark = from; mark <= to; mark++) {
        const busiest = Array.from({ length: 20 }, (_, index) => connection(`${mark}-${index}`, index))
        await tell(mark, { listeners: [listener(`web-${mark % 3}`)] }, busiest)
      }
      return browser.counts()
    }
    const before = await feed(1, 50)
    const after = await feed(51, 350)
    expect(Math.abs(after.nodes - before.nodes)).toBeLessThan(50)
    expect(Math.abs(after.listeners - before.listeners)).toBeLessThan(10)
  }, 60_000)

  it('draws nothing while it is hidden, and the last it was told when it is seen again', async () => {
    await open()
    await tell(1)
    const uncover = await browser.cover()
    await browser.until('document.hidden')
    teller.tell(moment({ state: 'draining', connections: { ...moment().status.connections, active: 7 } }))
    await browser.until(`document.title === '(draining) millrace'`)
    expect(await text('#tile-active')).toBe('1')
    await uncover()
    await browser.until(`document.getElementById('tile-active').textContent === '7'`)
  })
})
