/** The page when millrace does not answer, or refuses. It must never show old figures as if they were new. */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Chromium } from '../support/chromium.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { Bed, TOKEN } from './bed.js'

const KILL = '[data-kill]'

describe.skipIf(areMissing('chromium'))('the status page, when nobody answers', () => {
  const folder = temporaryFolder()
  let chromium: Chromium
  let bed: Bed

  beforeAll(() => {
    chromium = new Chromium(folder)
  })
  afterAll(() => chromium.close())
  afterEach(() => bed.close())

  const text = (id: string) => bed.browser.evaluate(`document.getElementById('${id}').textContent`)
  const isDisabled = () => bed.browser.evaluate(`document.querySelector('${KILL}').ariaDisabled === 'true'`)

  async function watchOne(): Promise<void> {
    bed = await Bed.start(folder, chromium)
    await bed.connect('postgres', 100_000)
    await bed.open()
    await bed.browser.until(`document.querySelector('${KILL}') !== null`)
  }

  it('the page says since when a process hangs, disables its buttons, and goes on with the process', async () => {
    await watchOne()
    expect(await isDisabled()).toBe(false)
    bed.millrace.program.child.kill('SIGSTOP')
    await bed.browser.evaluate('(() => { const now = Date.now; Date.now = () => now() + 5000 })()')
    await bed.hurry()
    await bed.isIn('gone')
    expect(await text('state')).toBe('no data')
    expect(await text('alarm-what')).toMatch(
      /^No data since \d\d:\d\d:\d\d: millrace sent nothing for 5 s\.$/,
    )
    expect(await bed.browser.evaluate(`document.getElementById('alarm').checkVisibility()`)).toBe(true)
    expect(await bed.browser.evaluate('document.title')).toMatch(/^\(no data\) millrace 127/)
    expect(await bed.browser.evaluate(`Number(getComputedStyle(document.querySelector('main')).opacity)`)) //
      .toBeLessThan(0.6)
    expect(await isDisabled()).toBe(true)
    await bed.browser.click(KILL)
    expect(await bed.browser.evaluate(`document.querySelector('${KILL}').textContent`)).toBe('Kill')
    bed.millrace.program.child.kill('SIGCONT')
    await bed.hurry()
    await bed.isIn('running')
    expect(await bed.browser.evaluate(`document.getElementById('alarm').checkVisibility()`)).toBe(false)
    expect(await bed.browser.evaluate('document.title')).toMatch(/^millrace 127/)
    expect(await isDisabled()).toBe(false)
  })

  it('the page says that the process is gone, and goes on with the next process', async () => {
    await watchOne()
    await bed.millrace.program.kill()
    await bed.isIn('gone')
    await bed.hurry()
    await bed.browser.until(
      `document.getElementById('alarm-what').textContent.includes('millrace does not answer')`,
    )
    await bed.startMillrace()
    await bed.hurry()
    await bed.isIn('running')
    await bed.connect('web', 100)
    await bed.browser.until(`document.getElementById('tile-active').textContent === '1'`)
    expect(await text('tile-up')).toMatch(/^\d/)
    expect(bed.browser.complaints.filter((complaint) => !/401|ERR_/.test(complaint))).toEqual([])
  })

  it('the page says that it does not know whether a connection has ended', async () => {
    await watchOne()
    bed.millrace.program.child.kill('SIGSTOP')
    await bed.browser.click(KILL)
    await bed.browser.click(KILL)
    await bed.millrace.program.kill()
    await bed.browser.until(`document.getElementById('killed').textContent !== ''`)
    expect(await text('killed')).toMatch(/^\w+ may still be open: millrace does not answer$/)
    expect(bed.browser.complaints.filter((complaint) => /Uncaught/.test(complaint))).toEqual([])
  })

  it('the page says that a token is wrong only after somebody has entered one', async () => {
    bed = await Bed.start(folder, chromium)
    await bed.ask()
    expect(await text('login-error')).toBe('')
    await bed.enter('another-token-0123456789')
    await bed.browser.until(`document.getElementById('login-error').textContent !== ''`)
    expect(await text('login-error')).toContain('This token is wrong')
    expect(await bed.browser.evaluate('document.activeElement.id')).toBe('token')
    await bed.enter('a tökén that no header can carry')
    await bed.browser.until(`document.getElementById('login-error').textContent.includes('ASCII')`)
    await bed.enter(TOKEN)
    await bed.isIn('running')
  })

  it('the page works in a browser that stores no data of sites', async () => {
    const forgetful = new Chromium(join(folder, 'forgetful'), { keepsData: false })
    onTestFinished(() => forgetful.close())
    bed = await Bed.start(folder, forgetful)
    await bed.ask()
    await expect(bed.browser.evaluate('localStorage.length')).rejects.toThrow('SecurityError')
    await bed.enter(TOKEN)
    await bed.isIn('running')
    await bed.browser.click('#theme')
    expect(await bed.browser.evaluate('document.documentElement.dataset.theme')).toBe('dark')
    expect(bed.browser.complaints.filter((complaint) => !complaint.includes('401'))).toEqual([])
  })
})
