/** The page when nobody answers, or says no: what is shown must never look like the present when it is not. */
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

  it('says that a process hangs and since when, disables its buttons, and goes on when the process does', async () => {
    await watchOne()
    expect(await isDisabled()).toBe(false)
    bed.millrace.program.child.kill('SIGSTOP')
    await bed.browser.evaluate('(() => { const now = Date.now; Date.now = () => now() + 5000 })()')
    await bed.hurry()
    await bed.isIn('gone')
    expect(await text('state')).toBe('no answer')
    expect(await text('alarm-what')).toMatch(/^No answer since \d\d:\d\d:\d\d: it has been silent for 5 s\.$/)
    expect(await bed.browser.evaluate(`document.getElementById('alarm').checkVisibility()`)).toBe(true)
    expect(await bed.browser.evaluate('document.title')).toMatch(/^\(no answer\) millrace 127/)
    expect(await bed.browser.evaluate(`Number(getComputedStyle(document.querySelector('main')).opacity)`)) //
      .toBeLessThan(0.6)
    expect(await isDisabled()).toBe(true)
    await bed.browser.click(KILL)
    expect(await bed.browser.evaluate(`document.querySelector('${KILL}').textContent`)).toBe('End')
    bed.millrace.program.child.kill('SIGCONT')
    await bed.hurry()
    await bed.isIn('running')
    expect(await bed.browser.evaluate(`document.getElementById('alarm').checkVisibility()`)).toBe(false)
    expect(await bed.browser.evaluate('document.title')).toMatch(/^millrace 127/)
    expect(await isDisabled()).toBe(false)
  })

  it('says that the process is gone, and goes on with the next one', async () => {
    await watchOne()
    await bed.millrace.program.kill()
    await bed.isIn('gone')
    await bed.hurry()
    await bed.browser.until(`document.getElementById('alarm-what').textContent.includes('nobody answers')`)
    await bed.startMillrace()
    await bed.hurry()
    await bed.isIn('running')
    await bed.connect('web', 100)
    await bed.browser.until(`document.getElementById('tile-active').textContent === '1'`)
    expect(await text('tile-up')).toMatch(/^\d/)
    expect(bed.browser.complaints.filter((complaint) => !/401|ERR_/.test(complaint))).toEqual([])
  })

  it('says that it could not ask for the end of a connection', async () => {
    await watchOne()
    bed.millrace.program.child.kill('SIGSTOP')
    await bed.browser.click(KILL)
    await bed.browser.click(KILL)
    await bed.millrace.program.kill()
    await bed.browser.until(`document.getElementById('killed').textContent !== ''`)
    expect(await text('killed')).toMatch(/^whether \w+ has ended is not known: nobody answers$/)
    expect(bed.browser.complaints.filter((complaint) => /Uncaught/.test(complaint))).toEqual([])
  })

  it('tells a wrong token from none', async () => {
    bed = await Bed.start(folder, chromium)
    await bed.ask()
    expect(await text('login-error')).toBe('')
    await bed.enter('another-token-0123456789')
    await bed.browser.until(`document.getElementById('login-error').textContent !== ''`)
    expect(await text('login-error')).toContain('That is not the token')
    expect(await bed.browser.evaluate('document.activeElement.id')).toBe('token')
    await bed.enter('a tökén that no header can carry')
    await bed.browser.until(`document.getElementById('login-error').textContent.includes('ASCII')`)
    await bed.enter(TOKEN)
    await bed.isIn('running')
  })

  it('works where the browser keeps no data of sites', async () => {
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
