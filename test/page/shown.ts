/** The page in a browser, told by a Teller: what is told is waited for until it is shown. */
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

  /** Whatever a page was told, it has not failed. */
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

  /** The number is this moment's mark: as soon as it is shown the moment is. */
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
