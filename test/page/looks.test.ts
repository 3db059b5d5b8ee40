/** How the page looks: with strange names, many rows or none, large figures, in both themes, used by keys alone. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { View } from '../support/chromium.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { DESK } from './bed.js'
import { PHONE, Shown } from './shown.js'
import { backend, cluster, connection, ending, listener } from './teller.js'

const HOSTILE = '<img src=x onerror=alert(1)>\u202egnp.elif\u2066\u0000 😀'.repeat(8)

describe.skipIf(areMissing('chromium'))('the look of the status page', () => {
  const folder = temporaryFolder()
  let shown: Shown

  beforeAll(() => {
    shown = new Shown(folder)
  })
  afterAll(() => shown.browser.close())
  beforeEach(() => shown.begin())
  afterEach(() => shown.end())

  const fitsItsWindow = async (width: number) =>
    expect(await shown.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)

  it.each([DESK, PHONE])('the page shows hostile names as text only, $width wide', async (view) => {
    await shown.open(view)
    const hostile = connection('1', 5, { client: HOSTILE, sni: HOSTILE, backendAddress: HOSTILE })
    await shown.tell(
      1,
      {
        listeners: [listener(HOSTILE, { address: HOSTILE })],
        clusters: [cluster(HOSTILE, [backend(HOSTILE, { lastError: HOSTILE })])],
        endings: [ending(HOSTILE, { listener: HOSTILE, by: 'client', phase: 'data', count: 1 })],
        version: HOSTILE,
        notSplicing: HOSTILE,
        drains: [{ scope: { listener: HOSTILE }, left: 1 }],
      },
      [hostile],
    )
    expect(await shown.evaluate(`document.querySelectorAll('img').length`)).toBe(0)
    const name = String(await shown.text('#listeners tbody th'))
    expect(name.startsWith('<img src=x onerror=alert(1)><U+202E>gnp.elif<U+2066><U+0000> 😀')).toBe(true)
    expect(/[\u202e\u2066\0]/.test(String(await shown.text('body')))).toBe(false)
    const rows = await shown.evaluate(
      `Math.max(...[...document.querySelectorAll('tbody tr')].map((row) => row.offsetHeight))`,
    )
    expect(rows).toBeLessThan(250)
    await fitsItsWindow(view.width)
    expect(shown.browser.complaints).toEqual([])
  })

  it('the page shows a proxy without listeners and clusters as dashes and zeros', async () => {
    await shown.open()
    await shown.tell(0, { listeners: [], clusters: [] })
    const tiles = `[...document.querySelectorAll('.tile b')].map((tile) => tile.textContent)`
    await shown.browser.until(`${tiles}[0] === '–'`)
    expect(await shown.evaluate(tiles)).toEqual(['–', '0', '0', '0.0', '–', '0 B/s', '0 B/s'])
    expect(await shown.evaluate(`document.querySelectorAll('section:not([hidden]) td.empty').length`)).toBe(4)
  })

  it.each([DESK, PHONE])('the page moves nothing sideways when figures grow, $width wide', async (view) => {
    await shown.open(view)
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
    await shown.tell(1, at(0), [connection('1', 0)])
    const before = await shown.evaluate(lefts)
    await shown.tell(2, at(123_456_789), [connection('1', 987_654_321)])
    expect(await shown.evaluate(lefts)).toEqual(before)
    const cut = `[...document.querySelectorAll('tbody .number')].filter((cell) => cell.scrollWidth > cell.clientWidth)`
    expect(await shown.evaluate(`${cut}.map((cell) => cell.textContent)`)).toEqual([])
  })

  it.each<[string, View]>([
    ['light', DESK],
    ['dark', { ...DESK, theme: 'dark' }],
  ])('every text of the page has a contrast of 4.5 or more in the %s theme', async (_, view) => {
    await shown.open(view)
    await shown.tell(
      1,
      {
        workersSilent: 1,
        drains: [{ scope: {}, left: 1 }],
        listeners: [listener('web'), listener('old', { isListening: false })],
        clusters: [cluster('a', [backend('b', { state: 'down' }), backend('c', { setTo: 'maint' })])],
        endings: [ending('no-backend', { count: 1 })],
      },
      [connection('1'), connection('2')],
    )
    await shown.browser.click('[data-kill="2"]')
    await shown.evaluate(`document.getElementById('alarm').hidden = false`)
    await shown.evaluate(`document.getElementById('alarm-what').textContent = 'No data'`)
    expect(await shown.evaluate(WEAK_TEXTS)).toEqual([])
  })

  it('the legends of the charts show the last figures after a switch of the theme', async () => {
    await shown.open()
    await shown.tell(1)
    const legends = `[...document.querySelectorAll('.u-legend')].map((each) => each.textContent)`
    const before = await shown.evaluate(legends)
    expect(before).toEqual([
      expect.stringMatching(/^Time\d\d:\d\d:\d\dspliced/),
      expect.stringMatching(/^Time\d\d:\d\d:\d\dactive\d/),
    ])
    await shown.browser.click('#theme')
    expect(await shown.evaluate(legends)).toEqual(before)
  })

  it('the page says what each figure counts to users who point at its tile or at the title of its column', async () => {
    await shown.open()
    await shown.tell(1)
    const withoutTooltip = `[...document.querySelectorAll('.tile, thead .number')].filter(({ title }) => title === '')`
    expect(await shown.evaluate(`${withoutTooltip}.map((each) => each.textContent)`)).toEqual([])
  })

  it('the page can be used by keys alone, and each control has a name', async () => {
    await shown.open()
    await shown.tell(1, {}, [connection('1')])
    const controls: Control[] = []
    while (controls.at(-1)?.name !== 'How connections ended') {
      await shown.browser.press('Tab')
      controls.push((await shown.evaluate(FOCUSED)) as Control)
    }
    expect(controls.filter(({ name, outline }) => name === '' || outline === 'none')).toEqual([])
    const titles = `[...document.querySelectorAll('table:not(#endings) thead button')].filter((each) => each.checkVisibility())`
    expect(controls.filter(({ isTitle }) => isTitle).map(({ name }) => name)).toEqual(
      await shown.evaluate(`${titles}.map((each) => each.textContent)`),
    )
    expect(controls.filter(({ isTitle }) => !isTitle).map(({ name }) => name)).toEqual([
      'Switch between dark and light',
      'Listener allweb',
      'Search',
      'Listeners',
      'Backends',
      'Busiest connections',
      'kill connection 1',
      'How connections ended',
    ])
  })
})

/** What has the focus. Titles of columns are buttons that sort. */
interface Control {
  readonly name: string
  readonly outline: string
  readonly isTitle: boolean
}

const FOCUSED = `(() => {
  const focused = document.activeElement
  const { ariaLabel, ariaLabelledByElements, labels } = focused
  const [named] = ariaLabelledByElements ?? [...(labels ?? []), focused]
  return {
    name: ariaLabel ?? named.textContent.trim(),
    outline: getComputedStyle(focused).outlineStyle,
    isTitle: focused.closest('thead') !== null,
  }
})()`

/** Texts whose contrast (WCAG 2, section 1.4.3) is less than 4.5. */
const WEAK_TEXTS = `(() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = (color) => {
    const [r, g, b] = numbers(color).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (element) => {
    const color = getComputedStyle(element).backgroundColor
    return numbers(color)[3] === 0 ? ground(element.parentElement) : color
  }
  const contrast = (element) => {
    const [dark, light] = [getComputedStyle(element).color, ground(element)].map(luminance).sort((a, b) => a - b)
    return (light + 0.05) / (dark + 0.05)
  }
  const hasText = ({ childNodes }) => [...childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
  return [...document.body.querySelectorAll('*')]
    .filter((element) => element.checkVisibility() && hasText(element) && contrast(element) < 4.5)
    .map((element) => element.id + ' ' + element.className + ' ' + element.textContent + ' ' + contrast(element))
})()`
