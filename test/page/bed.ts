/** A running command with an admin port and traffic, and a browser that shows its status page. */
import type { ProxyConfig } from '../../src/config/input.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import type { Chromium, View } from '../support/chromium.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { freePort } from '../support/programs.js'

export const TOKEN = 'a-token-for-the-page-0123456789'
export const DESK: View = { width: 1280, height: 1190, theme: 'light' }

export class Bed {
  readonly browser: Chromium
  readonly backend: Backend
  millrace!: Millrace
  readonly #folder: string
  readonly #adminPort: number
  #ports: Readonly<Record<string, number>> = {}
  readonly #clients: Peer[] = []

  private constructor(folder: string, browser: Chromium, backend: Backend, adminPort: number) {
    this.#folder = folder
    this.browser = browser
    this.backend = backend
    this.#adminPort = adminPort
  }

  /** Starts at a port of its own, for which the browser has stored nothing. */
  static async start(folder: string, browser: Chromium): Promise<Bed> {
    const backend = (await Backend.listen()).echo()
    const bed = new Bed(folder, browser, backend, await freePort())
    await bed.startMillrace()
    return bed
  }

  /** Starts millrace with the same admin port as before. */
  async startMillrace(config: Partial<ProxyConfig> = {}, readOnly = false): Promise<void> {
    const started = await startWith(
      this.#folder,
      {
        listeners: [
          { name: 'postgres', address: '127.0.0.1:0', cluster: 'db' },
          { name: 'web', address: '127.0.0.1:0', cluster: 'db' },
        ],
        clusters: { db: { backends: [this.backend.address, '127.0.0.1:1'] } },
        admin: { address: `127.0.0.1:${this.#adminPort}`, token: TOKEN, readOnly },
        ...config,
      },
      { splice: 'auto', native: undefined },
    )
    this.millrace = started.millrace
    this.#ports = started.ports
    await this.millrace.logged(({ msg }) => msg.startsWith('admin on'))
  }

  /** Opens the page and waits until it asks for the token. */
  async ask(view = DESK): Promise<void> {
    await this.browser.open(`http://127.0.0.1:${this.#adminPort}/`, view)
    await this.browser.until(`!document.getElementById('login').hidden`)
  }

  async enter(token: string): Promise<void> {
    await this.browser.type(token)
    await this.browser.press('Enter')
  }

  async open(view = DESK): Promise<void> {
    await this.ask(view)
    await this.enter(TOKEN)
    await this.isIn('running')
  }

  isIn(state: string): Promise<void> {
    return this.browser.until(`document.getElementById('state').dataset.state === '${state}'`)
  }

  /** Makes a page that waits ask again now, as when the network is back. */
  async hurry(): Promise<void> {
    await this.browser.evaluate(`dispatchEvent(new Event('online'))`)
  }

  async connect(listener: string, bytes: number): Promise<Peer> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: this.#ports[listener]! })
    this.#clients.push(client)
    client.send(pattern(1, bytes))
    await client.receive(bytes)
    return client
  }

  async close(): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy()
    await this.millrace.program.kill()
    await this.backend.close()
  }
}
