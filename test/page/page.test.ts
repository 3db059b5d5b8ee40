/** The status page of a real proxy with real traffic, in a real browser. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pattern } from '../support/bytes.js'
import { Chromium, type View } from '../support/chromium.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { Bed, DESK } from './bed.js'
import { PHONE } from './shown.js'

describe.skipIf(areMissing('chromium'))('the status page', () => {
  const folder = temporaryFolder()
  let chromium: Chromium
  let bed: Bed

  beforeAll(() => {
    chromium = new Chromium(folder)
  })
  afterAll(() => chromium.close())
  beforeEach(async () => {
    bed = await Bed.start(folder, chromium)
  })
  afterEach(() => bed.close())

  const text = (selector: string) =>
    bed.browser.evaluate(`document.querySelector('${selector}')?.textContent`)

  it('the page asks for the token, and shows the proxy without a complaint of the browser', async () => {
    await bed.connect('postgres', 5000)
    await bed.open()
    const { browser } = bed
    await browser.until(`document.querySelectorAll('#connections tbody tr').length === 1`)
    expect(await text('#tile-active')).toBe('1')
    expect(await text('#tile-backends')).toBe('2 of 2')
    expect(await text('#listeners tbody th')).toBe('postgres')
    expect(await text('#backends tbody th')).toBe(bed.backend.address)
    expect(await browser.evaluate(`document.querySelectorAll('canvas').length`)).toBe(2)
    // The page expects that its first request, which has no token, is refused.
    expect(browser.complaints.filter((complaint) => !complaint.includes('401'))).toEqual([])
    expect(await browser.evaluate('document.cookie')).toBe('')
  })

  it('the page shows the traffic while it flows', async () => {
    await bed.open()
    const { browser } = bed
    await browser.until(`document.getElementById('tile-up').textContent === '0 B/s'`)
    const client = await bed.connect('web', 100)
    client.sendForEver(pattern(2, 65_536))
    await browser.until(`/MB|GB/.test(document.getElementById('tile-up').textContent)`)
    await browser.until(
      `document.querySelector('#connections td:nth-child(8)').textContent.includes('kernel')`,
    )
    expect(await text('#tile-spliced')).toMatch(/^\d+%$/)
    await browser.evaluate(`document.getElementById('listener').value = 'web'`)
    expect(await browser.evaluate(`document.getElementById('listener').value`)).toBe('web')
  })

  it('the page ends a connection after a second click', async () => {
    const client = await bed.connect('postgres', 100)
    await bed.open()
    const { browser } = bed
    await browser.until(`document.querySelector('[data-kill]') !== null`)
    await browser.click('[data-kill]')
    expect(await text('[data-kill]')).toBe('Sure?')
    expect(client.socket.destroyed).toBe(false)
    await browser.click('[data-kill]')
    expect(await client.ended).toBe('ECONNRESET')
    await browser.until(`document.getElementById('killed').textContent.startsWith('killed ')`)
    await browser.until(`document.querySelector('#endings tbody th')?.textContent === 'killed'`)
    const [record] = await bed.millrace.records(1)
    expect(record!.ended.cause).toBe('killed')
  })

  it('the page of a read-only admin server shows no buttons to end connections', async () => {
    await bed.millrace.program.kill()
    await bed.startMillrace({}, true)
    await bed.connect('postgres', 100)
    await bed.open()
    await bed.browser.until(`document.querySelectorAll('#connections tbody tr').length === 1`)
    expect(await text('#connections [data-kill]')).toBeUndefined()
  })

  it('the page counts an error as failed, but not a reset by the client', async () => {
    await bed.millrace.program.kill()
    await bed.startMillrace({
      clusters: {
        db: { backends: [bed.backend.address] },
        nobody: { backends: ['127.0.0.1:1'], health: { eject: { failures: 1 } } },
      },
      listeners: [
        { name: 'web', address: '127.0.0.1:0', cluster: 'db' },
        { name: 'dead', address: '127.0.0.1:0', cluster: 'nobody' },
      ],
    })
    await bed.open()
    const reset = await bed.connect('web', 100)
    reset.socket.resetAndDestroy()
    await bed.connect('dead', 0)
    await bed.browser.until(`document.querySelectorAll('#endings tbody tr th').length === 2`)
    expect(await text('#endings th.bad')).toBe('no-backend')
    expect(await bed.browser.evaluate(`document.querySelectorAll('#endings th.bad').length`)).toBe(1)
    expect(await text('#tile-failed')).toBe('1')
    expect(await text('#backends tbody th')).toBe('127.0.0.1:1')
  })

  it.each<[string, View]>([
    ['a desk', DESK],
    ['a phone', PHONE],
  ])('the page fits the window of %s', async (_, view) => {
    const bulk = await bed.connect('web', 100)
    bulk.sendForEver(pattern(2, 65_536))
    for (let i = 0; i < 4; i++) await bed.connect('postgres', 1000 * i)
    await bed.open(view)
    const { browser } = bed
    await browser.until(`/MB|GB/.test(document.getElementById('tile-up').textContent)`)
    expect(await browser.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(view.width)
  })
})
