/**
 * The pictures of the docs: the status page in light, in dark and on a phone, and a recording of `top`. All show the same
 * millrace while its traffic changes. `npm run pictures` plays the story at length and writes them. Without `PICTURES` each
 * act is short and nothing is written: this test only finds out that the pictures can still be made.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DESK } from '../page/bed.js'
import { PHONE } from '../page/shown.js'
import { Chromium, type View } from '../support/chromium.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { Recording, type Screen } from './recording.js'
import { Scene } from './scene.js'
import { smallPng } from './small-png.js'
import { drawTop } from './top-svg.js'

const PLACE = process.env.PICTURES
const LONGEST_MS = 170_000
/** Before the story, so that the charts of the page have something to show: screens of `top`, one a second. */
const WAVES = PLACE === undefined ? 0 : 3
const WAVE_SCREENS = 14

const VIEWS: Readonly<Record<string, View>> = {
  'status-page-light.png': DESK,
  'status-page-dark.png': { ...DESK, theme: 'dark' },
  'status-page-phone.png': PHONE,
}

interface Act {
  /** Screens of `top` until the next act. */
  readonly lasts: number
  readonly isPhotographed?: true
  begin(scene: Scene): void | Promise<void>
}

const STORY: readonly Act[] = [
  { lasts: 3, begin: () => {} },
  { lasts: 2, begin: (scene) => scene.download() },
  { lasts: 2, begin: (scene) => scene.download() },
  { lasts: 4, begin: (scene) => scene.download() },
  { lasts: 5, isPhotographed: true, begin: (scene) => scene.failOne() },
  { lasts: 5, begin: (scene) => scene.bringBack() },
  { lasts: 3, begin: (scene) => scene.endDownloads() },
]

describe.skipIf(areMissing('chromium', 'script'))('the pictures of the docs', () => {
  const folder = temporaryFolder()
  let browser: Chromium
  let scene: Scene

  beforeAll(async () => {
    browser = new Chromium(folder)
    scene = await Scene.start(folder)
  })
  afterAll(async () => {
    await scene.end()
    await browser.close()
  })

  it(
    'show the status page and a recording of top while traffic changes and a backend fails',
    async () => {
      await scene.openPage(browser, DESK)
      const top = new Recording(scene)
      await top.more(2)
      await playWaves(top)
      const { screens, still, photographs } = await playStory(top)
      await top.leave()
      expect(browser.complaints.filter((complaint) => !complaint.includes('401'))).toEqual([])
      expect(screens[0]!.join('\n')).toContain('CLIENT')
      expect(screens[still]!.join('\n')).toContain('down, rests')
      for (const picture of Object.values(photographs)) expect(picture.length).toBeGreaterThan(10_000)
      for (const [name, picture] of Object.entries(photographs)) save(name, smallPng(picture))
      save('top.svg', drawTop(screens, still))
    },
    LONGEST_MS,
  )

  async function playWaves(top: Recording): Promise<void> {
    for (let wave = 1; wave <= WAVES; wave++) {
      for (let download = 0; download < wave; download++) scene.download()
      await top.more(WAVE_SCREENS)
      scene.endDownloads()
      await top.more(WAVE_SCREENS)
    }
  }

  async function playStory(top: Recording) {
    const first = top.screens.length
    const photographs: Record<string, Buffer> = {}
    let still = 0
    for (const { lasts, isPhotographed, begin } of STORY) {
      await begin(scene)
      await top.more(PLACE === undefined ? 1 : lasts)
      if (!isPhotographed) continue
      await top.seen(isBackendDown)
      still = top.screens.length - 1 - first
      Object.assign(photographs, await photograph())
    }
    return { screens: top.screens.slice(first), still, photographs }
  }

  /** The whole page on a desk, and what a phone shows first. */
  async function photograph(): Promise<Record<string, Buffer>> {
    await browser.until(`document.querySelector('#backends td.bad') !== null`)
    const height = Number(await browser.evaluate('document.documentElement.scrollHeight'))
    const pictures: Record<string, Buffer> = {}
    for (const [name, view] of Object.entries(VIEWS)) {
      await browser.resize(view === PHONE ? PHONE : { ...view, height })
      await browser.evaluate(
        'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
      )
      pictures[name] = await browser.screenshot()
    }
    return pictures
  }
})

const isBackendDown = (screen: Screen): boolean => screen.some((line) => line.includes('down, rests'))

function save(name: string, picture: Buffer | string): void {
  if (PLACE !== undefined) writeFileSync(join(PLACE, name), picture)
}
