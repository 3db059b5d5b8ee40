/** A headless Chromium, driven by its DevTools protocol over two pipes. It needs no port and leaves nothing behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

export interface View {
  readonly width: number
  readonly height: number
  readonly theme: 'light' | 'dark'
}

/** The browser's setting for site data. 2 blocks all of it. */
const NO_SITE_DATA = { profile: { default_content_setting_values: { cookies: 2 } } }

/** Some changes are not an event of the page, so the page is looked at again. Browsers allow no shorter pause. */
const LOOK_AGAIN_MS = 4

const COMPLAINTS: ReadonlySet<string> = new Set(['Log.entryAdded', 'Runtime.exceptionThrown'])

/** The code and the text of each key that tests press. */
const KEYS = { Enter: [13, '\r'], Tab: [9, ''], Escape: [27, ''], ' ': [32, ' '], '/': [191, '/'] } as const

export class Chromium {
  /** The complaints of pages: errors, violated policies, failed requests. */
  readonly complaints: string[] = []
  readonly #child: ChildProcess
  readonly #pending = new Map<number, (answer: Answer) => void>()
  #sent = 0
  #session: string | undefined
  #target: string | undefined
  #rest = ''

  constructor(folder: string, { keepsData = true } = {}) {
    mkdirSync(`${folder}/chromium/Default`, { recursive: true })
    writeFileSync(`${folder}/chromium/Default/Preferences`, JSON.stringify(keepsData ? {} : NO_SITE_DATA))
    this.#child = spawn(
      'chromium',
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--no-first-run',
        '--remote-debugging-pipe',
        `--user-data-dir=${folder}/chromium`,
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    )
    const output = this.#child.stdio[4] as Readable
    output.setEncoding('utf8').on('data', (text: string) => this.#read(text))
  }

  /** Opens a page, watches it, and closes the page before it. */
  async open(url: string, view: View): Promise<void> {
    this.#session = undefined
    if (this.#target !== undefined) await this.#send('Target.closeTarget', { targetId: this.#target })
    this.complaints.length = 0
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.#send('Target.attachToTarget', { targetId, flatten: true })
    this.#session = String(sessionId)
    this.#target = String(targetId)
    await this.#send('Page.enable')
    await this.#send('Runtime.enable')
    await this.#send('Log.enable')
    await this.resize(view)
    await this.#send('Page.navigate', { url })
  }

  /** Gives the open page another size and theme. */
  async resize({ width, height, theme }: View): Promise<void> {
    const size = { width, height, deviceScaleFactor: 1, mobile: width < 600 }
    await this.#send('Emulation.setDeviceMetricsOverride', size)
    const features = [{ name: 'prefers-color-scheme', value: theme }]
    await this.#send('Emulation.setEmulatedMedia', { features })
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    const { exceptionDetails } = answer as { exceptionDetails?: { exception?: { description?: string } } }
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? expression)
    return (answer.result as { value?: unknown }).value
  }

  /** Resolves as soon as an expression is true in the page. */
  async until(expression: string): Promise<void> {
    const poll = `new Promise((done) => {
      const look = () => { try { if (${expression}) return done(true) } catch {} setTimeout(look, ${LOOK_AGAIN_MS}) }
      look()
    })`
    await this.evaluate(poll)
  }

  /** Types into the element that has the focus. */
  async type(text: string): Promise<void> {
    await this.#send('Input.insertText', { text })
  }

  async press(key: keyof typeof KEYS): Promise<void> {
    const [code, text] = KEYS[key]
    const event = { key, windowsVirtualKeyCode: code, text }
    await this.#send('Input.dispatchKeyEvent', { type: 'keyDown', ...event })
    await this.#send('Input.dispatchKeyEvent', { type: 'keyUp', ...event })
  }

  /** Moves the mouse over the middle of the first element that `selector` finds. */
  async pointAt(selector: string): Promise<object> {
    const middle = (await this.evaluate(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)})
      element.scrollIntoView({ block: 'nearest' })
      const { x, y, width, height } = element.getBoundingClientRect()
      return { x: x + width / 2, y: y + height / 2 }
    })()`)) as object
    await this.#send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...middle })
    return middle
  }

  /** Clicks with the left button on the first element that `selector` finds. */
  async click(selector: string): Promise<void> {
    const at = await this.pointAt(selector)
    const event = { button: 'left', clickCount: 1, ...at }
    await this.#send('Input.dispatchMouseEvent', { type: 'mousePressed', ...event })
    await this.#send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...event })
  }

  /** Opens another tab in front of the page. The returned function brings the page back. */
  async cover(): Promise<() => Promise<void>> {
    const session = this.#session
    this.#session = undefined
    await this.#send('Target.createTarget', { url: 'about:blank' })
    this.#session = session
    return async () => {
      await this.#send('Page.bringToFront')
    }
  }

  /** How many nodes and listeners the page has after a garbage collection. */
  async counts(): Promise<{ nodes: number; listeners: number }> {
    await this.#send('HeapProfiler.collectGarbage')
    const { nodes, jsEventListeners } = await this.#send('Memory.getDOMCounters')
    return { nodes: Number(nodes), listeners: Number(jsEventListeners) }
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: false,
    })
    return Buffer.from(String(data), 'base64')
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#session = undefined
    void this.#send('Browser.close').catch(() => {})
    await exited
  }

  async #send(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#sent
    const session = this.#session === undefined ? {} : { sessionId: this.#session }
    const answered = new Promise<Answer>((resolve) => this.#pending.set(id, resolve))
    ;(this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`)
    const { result = {}, error } = await answered
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }

  #read(text: string): void {
    const messages = (this.#rest + text).split('\0')
    this.#rest = messages.pop() ?? ''
    for (const message of messages) this.#heard(JSON.parse(message) as Answer)
  }

  #heard({ id, method = '', sessionId, params, ...answer }: Answer): void {
    if (id !== undefined) {
      this.#pending.get(id)?.(answer)
      this.#pending.delete(id)
    } else if (sessionId === this.#session && COMPLAINTS.has(method)) {
      this.complaints.push(JSON.stringify(params))
    }
  }
}
