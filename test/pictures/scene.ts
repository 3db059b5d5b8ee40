/** A real millrace for pictures: a database, a cache and two web servers, with clients that come, stay and go. */
import type { Chromium } from '../support/chromium.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { PictureClients, PictureServer } from './traffic.js'

const TOKEN = 'a-token-for-the-pictures-0123456789'
const WEB_ANSWER_BYTES = 24_000
const VISIT_EVERY_MS = 200

export class Scene {
  readonly token = TOKEN
  /** The admin address. */
  readonly admin: string
  readonly #millrace: Millrace
  readonly #servers: readonly PictureServer[]
  readonly #ports: Readonly<Record<string, number>>
  readonly #clients = new PictureClients()

  private constructor(
    millrace: Millrace,
    servers: readonly PictureServer[],
    ports: Readonly<Record<string, number>>,
    admin: string,
  ) {
    this.#millrace = millrace
    this.#servers = servers
    this.#ports = ports
    this.admin = admin
  }

  /** With clients of the database and the cache, and short visits to the web servers. */
  static async start(folder: string): Promise<Scene> {
    const servers = await Promise.all([
      PictureServer.listen('127.0.0.11', 3000),
      PictureServer.listen('127.0.0.12', 500),
      PictureServer.listen('127.0.0.21', WEB_ANSWER_BYTES),
      PictureServer.listen('127.0.0.22', WEB_ANSWER_BYTES),
    ])
    const [pg, cache, ...web] = servers.map(({ address }) => address)
    const config = {
      listeners: [
        { name: 'postgres', address: '127.0.0.1:0', cluster: 'pg' },
        { name: 'redis', address: '127.0.0.1:0', cluster: 'cache' },
        { name: 'web', address: '127.0.0.1:0', cluster: 'web' },
      ],
      clusters: { pg: { backends: [pg!] }, cache: { backends: [cache!] }, web: { backends: web } },
      admin: { address: '127.0.0.1:0', token: TOKEN },
    }
    const { millrace, ports } = await startWith(folder, config, { splice: 'auto', native: undefined })
    const { address } = await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    const scene = new Scene(millrace, servers, ports, address!)
    scene.#begin()
    return scene
  }

  download(): void {
    this.#clients.download(this.#ports.web!)
  }

  endDownloads(): void {
    this.#clients.endDownloads()
  }

  /** One of the two web servers fails. */
  async failOne(): Promise<void> {
    await this.#servers.at(-1)!.fail()
  }

  async bringBack(): Promise<void> {
    await this.#servers.at(-1)!.comeBack()
  }

  /** Opens the status page and enters the token. */
  async openPage(browser: Chromium, view: Parameters<Chromium['open']>[1]): Promise<void> {
    await browser.open(`http://${this.admin}/`, view)
    await browser.until(`!document.getElementById('login').hidden`)
    await browser.type(TOKEN)
    await browser.press('Enter')
    await browser.until(`document.getElementById('state').dataset.state === 'running'`)
  }

  async end(): Promise<void> {
    this.#clients.end()
    await this.#millrace.program.kill()
    await Promise.all(this.#servers.map((server) => server.fail()))
  }

  #begin(): void {
    for (const everyMs of [40, 90, 170]) this.#clients.stay(this.#ports.postgres!, everyMs)
    for (const everyMs of [20, 50]) this.#clients.stay(this.#ports.redis!, everyMs)
    this.#clients.comeAndGo(this.#ports.web!, VISIT_EVERY_MS, WEB_ANSWER_BYTES)
  }
}
