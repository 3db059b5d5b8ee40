/** The page in a browser, with a Teller as its admin server. Tests wait until the page shows what the Teller sends. */
import { expect } from 'vitest'
import { Chromium, type View } from '../support/chromium.js'
import { DESK } from './bed.js'
import { moment, Teller } from './teller.js'

export const PHONE: View = { width: 390, height: 844, theme: 'light' }

export class Shown {
  readonly browser: Chromium
  teller!: Teller

  constructor(folder: string) {
    this.browser = new Chromium(folder)
  }

  async begin(): Promise<void> {
    this.teller = await Teller.start()
  }

  /** Checks that the page has not failed, and closes the Teller. */
  async end(): Promise<void> {
    expect(await this.text('#bug')).toBe('')
    await this.teller.close()
  }

  async open(view = DESK): Promise<void> {
    await this.browser.open(this.teller.url, view)
    await this.isIn('running')
  }

  isIn(state: string): Promise<void> {
    return this.browser.until(`document.getElementById('state').dataset.state === '${state}'`)
  }

  /** Sends a moment with `mark` active connections, and waits until the page shows this number. */
  async tell(mark: number, ...[status, connections]: Parameters<typeof moment>): Promise<void> {
    const totals = { ...moment().status.connections, active: mark }
    this.teller.tell(moment({ ...status, connections: totals }, connections))
    await this.browser.until(`document.getElementById('tile-active').textContent === '${mark}'`)
  }

  evaluate(expression: string): Promise<unknown> {
    return this.browser.evaluate(expression)
  }

  text(selector: string): Promise<unknown> {
    return this.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent`)
  }
}
