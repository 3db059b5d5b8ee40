/** The page with 50 listeners and 200 backends: what is down comes first, and the search, the sort and the keys find the rest. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { DESK } from './bed.js'
import { PHONE, Shown } from './shown.js'
import { backend, cluster, ending, listener, moment } from './teller.js'

const LONG = 'a-name-without-spaces-that-is-longer-than-any-column.of.an.internal.zone.example.com'
const DOWN = { state: 'down', judgedBy: 'check', reason: 'L4CON' }
const STATES: Readonly<Record<number, object>> = { 150: DOWN, 7: { setTo: 'drain' }, 90: { isLeaving: true } }

const LISTENERS = Array.from({ length: 50 }, (_, index) =>
  listener(index === 3 ? LONG : `web-${index}`, { isListening: index !== 40, accepted: index % 7 }),
)
const CLUSTERS = Array.from({ length: 20 }, (_, nth) =>
  cluster(
    `cluster-${nth}`,
    Array.from({ length: 10 }, (_, place) => {
      const index = 10 * nth + place
      return backend(`10.0.${nth}.${place}:80`, { active: (index * 37) % 200, ...STATES[index] })
    }),
  ),
)
const MANY = { listeners: LISTENERS, clusters: CLUSTERS }

describe.skipIf(areMissing('chromium'))('the status page with many listeners and backends', () => {
  const folder = temporaryFolder()
  let shown: Shown

  beforeAll(() => {
    shown = new Shown(folder)
  })
  afterAll(() => shown.browser.close())
  beforeEach(async () => {
    await shown.begin()
    shown.teller.last = moment(MANY)
  })
  afterEach(() => shown.end())

  const rows = (table: string) => shown.evaluate(`document.querySelectorAll('#${table} tbody tr').length`)
  const column = (table: string, nth: number) =>
    shown.evaluate(
      `[...document.querySelectorAll('#${table} tbody tr')].map((row) => row.cells[${nth}].textContent)`,
    ) as Promise<string[]>
  const names = (table: string) => column(table, 0)
  const focused = () => shown.evaluate(`document.activeElement.id || document.activeElement.textContent`)
  const more = (table: string) => shown.text(`[aria-controls="${table}"]`)

  it('what is down comes first, then what drains or leaves, then what fails', async () => {
    const before = { agoMs: 100_000, startedAt: moment().status.startedAt }
    const failing = structuredClone(CLUSTERS)
    failing[19]!.backends[9].failures = 5
    const errors = [ending('no-backend', { listener: 'web-44', count: 1 })]
    shown.teller.past = {
      traffic: [
        {
          ...before,
          agoMs: 5000,
          connections: moment().status.connections,
          listeners: LISTENERS,
          endings: [],
        },
      ],
      counts: [{ ...before, endings: [], clusters: CLUSTERS }],
    }
    shown.teller.last = moment({ ...MANY, clusters: failing, endings: errors })
    await shown.open()
    expect((await names('backends')).slice(0, 5)).toEqual([
      '10.0.15.0:80',
      '10.0.0.7:80',
      '10.0.9.0:80',
      '10.0.19.9:80',
      '10.0.0.0:80',
    ])
    expect((await names('listeners')).slice(0, 3)).toEqual(['web-40', 'web-44', 'web-0'])
    expect(await shown.text('#tile-backends')).toBe('197 of 200')
    expect(await shown.evaluate(`document.querySelectorAll('#listener option').length`)).toBe(51)
  })

  it('a long table shows its first rows, and a button for the others, also by keys', async () => {
    await shown.open()
    expect([await rows('listeners'), await more('listeners')]).toEqual([10, '40 more'])
    expect([await rows('backends'), await more('backends')]).toEqual([20, '180 more'])
    await shown.evaluate(`document.querySelector('[aria-controls="backends"]').focus()`)
    await shown.browser.press(' ')
    expect([await rows('backends'), await more('backends'), await focused()]).toEqual([
      200,
      'Show fewer',
      'Show fewer',
    ])
    expect(await shown.evaluate('document.activeElement.ariaExpanded')).toBe('true')
    expect(await shown.evaluate(`document.querySelector('.scroll.open').clientHeight`)).toBeLessThan(600)
    await shown.browser.press('Enter')
    expect([await rows('backends'), await focused()]).toEqual([20, '180 more'])
  })

  it('the search begins with "/", finds names, addresses and states in all tables, and ends with Escape', async () => {
    await shown.open()
    await shown.browser.press('/')
    expect(await focused()).toBe('search')
    await shown.browser.type('DOWN cluster-15')
    expect(await names('backends')).toEqual(['10.0.15.0:80'])
    expect(await shown.text('#backends-count')).toBe('1 of 200')
    expect(await shown.text('#listeners .empty')).toBe('Nothing matches the search')
    await shown.tell(7, MANY)
    expect(await names('backends')).toEqual(['10.0.15.0:80'])
    await shown.browser.press('Escape')
    expect([await rows('backends'), await focused()]).toEqual([20, 'search'])
    await shown.browser.type('web-4')
    expect(await rows('listeners')).toBe(10)
    expect(await shown.text('#listeners-count')).toBe('11 of 50')
    expect(await more('listeners')).toBe('1 more')
    await shown.browser.press('Escape')
    await shown.browser.press('Escape')
    expect(await shown.evaluate('document.activeElement === document.body')).toBe(true)
  })

  it('the title of a column sorts by it: down, up, and back to what is down first', async () => {
    await shown.open()
    const title = '#backends thead th:nth-child(8) button'
    const state = () => shown.evaluate(`document.querySelector('${title}').parentElement.ariaSort`)
    expect([await shown.text(title), await state()]).toEqual(['Active', null])
    await shown.evaluate(`document.querySelector('${title}').focus()`)
    await shown.browser.press('Enter')
    expect([(await column('backends', 7)).slice(0, 3), await state()]).toEqual([
      ['199', '198', '197'],
      'descending',
    ])
    await shown.tell(7, MANY)
    await shown.browser.press('Enter')
    expect([(await column('backends', 7)).slice(0, 3), await state()]).toEqual([['0', '1', '2'], 'ascending'])
    await shown.browser.press('Enter')
    expect([(await names('backends'))[0], await state()]).toEqual(['10.0.15.0:80', null])
    await shown.browser.click('#backends thead th:nth-child(1) button')
    const sorted = await names('backends')
    expect([sorted[2], sorted[10]]).toEqual(['10.0.0.2:80', '10.0.1.0:80'])
  })

  it.each([DESK, PHONE])('names are whole, and the page fits its window, $width wide', async (view) => {
    shown.teller.last = moment({
      ...MANY,
      clusters: [cluster(LONG, [backend(`${LONG}:80`, DOWN)]), ...CLUSTERS],
    })
    await shown.open(view)
    const cut = `[...document.querySelectorAll('.scroll tbody *')].filter((cell) => cell.scrollWidth > cell.clientWidth)`
    expect(await shown.evaluate(`${cut}.map((cell) => cell.textContent)`)).toEqual([])
    expect(await shown.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(view.width)
    expect(await shown.evaluate('document.documentElement.scrollHeight')).toBeLessThan(4000)
  })

  it('of many notices the page shows the first four, and a button for the others', async () => {
    const drains = Array.from({ length: 20 }, (_, index) => ({
      scope: { listener: `web-${index}` },
      left: 1,
    }))
    shown.teller.last = moment({ ...MANY, drains })
    await shown.open()
    const told = async () => String(await shown.text('#drains span')).split(' · ')
    expect(await told()).toHaveLength(4)
    await shown.browser.click('#drains button')
    expect(await told()).toHaveLength(20)
    expect(await shown.text('#drains button')).toBe('Show fewer')
  })
})
