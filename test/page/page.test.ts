/** The status page in a real browser, of a real proxy with real traffic. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { Chromium, type View } from '../support/chromium.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { areMissing, freePort } from '../support/programs.js'

const TOKEN = 'a-token-for-the-page-0123456789'
const DESK: View = { width: 1280, height: 1180, theme: 'light' }
/** Where the pictures of docs/ are made anew: `SCREENSHOTS=docs npx vitest run test/page`. */
const PICTURES = process.env.SCREENSHOTS

describe.skipIf(areMissing('chromium'))('the status page', () => {
  const folder = temporaryFolder()
  let backend: Backend
  let browser: Chromium
  let millrace: Millrace
  let adminPort: number
  let ports: Readonly<Record<string, number>>
  const clients: Peer[] = []

  beforeEach(async () => {
    backend = (await Backend.listen()).echo()
    browser = new Chromium(folder)
    adminPort = await freePort()
    await startMillrace()
  })
  afterEach(async () => {
    await browser.close()
    for (const { socket } of clients.splice(0)) socket.destroy()
    await millrace.program.kill()
    await backend.close()
  })

  async function startMillrace(readOnly = false): Promise<void> {
    const started = await startWith(
      folder,
      {
        listeners: [
          { name: 'postgres', address: '127.0.0.1:0', cluster: 'db' },
          { name: 'web', address: '127.0.0.1:0', cluster: 'db' },
        ],
        clusters: { db: { backends: [backend.address, '127.0.0.1:1'] } },
        admin: { address: `127.0.0.1:${adminPort}`, token: TOKEN, readOnly },
      },
      { splice: 'auto', native: undefined },
    )
    millrace = started.millrace
    ports = started.ports
    await millrace.logged(({ msg }) => msg.startsWith('admin on'))
  }

  async function open(view = DESK): Promise<void> {
    await browser.open(`http://127.0.0.1:${adminPort}/`, view)
    await browser.until(`!document.getElementById('login').hidden`)
    await browser.evaluate(`(() => {
      document.getElementById('token').value = ${JSON.stringify(TOKEN)}
      document.getElementById('login').requestSubmit()
    })()`)
    await browser.until(`document.getElementById('state').textContent === 'running'`)
  }

  async function connect(listener: string, bytes: number): Promise<Peer> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: ports[listener]! })
    clients.push(client)
    client.send(pattern(1, bytes))
    await client.receive(bytes)
    return client
  }

  const text = (selector: string) => browser.evaluate(`document.querySelector('${selector}')?.textContent`)

  it('asks for the token, and shows what there is without a complaint of the browser', async () => {
    await connect('postgres', 5000)
    await open()
    await browser.until(`document.querySelectorAll('#connections tbody tr').length === 1`)
    expect(await text('#tile-active')).toBe('1')
    expect(await text('#listeners tbody th')).toBe('postgres')
    expect(await text('#backends tbody th')).toBe(backend.address)
    expect(await browser.evaluate(`document.querySelectorAll('canvas').length`)).toBe(2)
    // That the first request, without a token, was refused is what the page waits for.
    expect(browser.complaints.filter((complaint) => !complaint.includes('401'))).toEqual([])
    expect(await browser.evaluate('document.cookie')).toBe('')
  })

  it('follows the traffic while it flows', async () => {
    await open()
    await browser.until(`document.getElementById('tile-up').textContent === '0 B/s'`)
    const client = await connect('web', 100)
    client.sendForEver(pattern(2, 65_536))
    await browser.until(`/MB|GB/.test(document.getElementById('tile-up').textContent)`)
    await browser.until(
      `document.querySelector('#connections td:nth-child(8)').textContent.includes('kernel')`,
    )
    expect(await text('#tile-spliced')).toMatch(/^\d+ %$/)
    await browser.evaluate(`document.getElementById('listener').value = 'web'`)
    expect(await browser.evaluate(`document.getElementById('listener').value`)).toBe('web')
  })

  it('ends a connection after it was asked twice', async () => {
    const client = await connect('postgres', 100)
    await open()
    const button = `document.querySelector('[data-kill]')`
    await browser.until(`${button} !== null`)
    await browser.evaluate(`${button}.click()`)
    expect(await browser.evaluate(`${button}.textContent`)).toBe('Sure?')
    expect(client.socket.destroyed).toBe(false)
    await browser.evaluate(`${button}.click()`)
    expect(await client.ended).toBe('ECONNRESET')
    await browser.until(`document.getElementById('killed').textContent.startsWith('ended ')`)
    await browser.until(`document.querySelector('#endings tbody th')?.textContent === 'killed'`)
    const [record] = await millrace.records(1)
    expect(record!.ended.cause).toBe('killed')
  })

  it('shows no button where nothing may be changed', async () => {
    await millrace.program.kill()
    await startMillrace(true)
    await connect('postgres', 100)
    await open()
    await browser.until(`document.querySelectorAll('#connections tbody tr').length === 1`)
    expect(await browser.evaluate(`document.querySelector('[data-kill]')`)).toBeNull()
  })

  it('says that the process is gone, and goes on with the next one', async () => {
    await connect('postgres', 100_000)
    await open()
    await browser.until(`document.getElementById('tile-active').textContent === '1'`)
    await millrace.program.kill()
    await browser.until(`document.getElementById('state').dataset.state === 'gone'`)
    await startMillrace()
    await browser.until(`document.getElementById('state').dataset.state === 'running'`)
    await connect('web', 100)
    await browser.until(`document.getElementById('tile-active').textContent === '1'`)
    expect(await text('#tile-up')).toMatch(/^\d/)
  })

  it.each<[string, View]>([
    ['status-page', DESK],
    ['status-page-dark', { ...DESK, theme: 'dark' }],
    ['status-page-phone', { width: 390, height: 844, theme: 'light' }],
  ])(
    'fits its window: %s',
    async (name, view) => {
      const bulk = await connect('web', 100)
      bulk.sendForEver(pattern(2, 65_536))
      for (let i = 0; i < 4; i++) await connect('postgres', 1000 * i)
      await open(view)
      await browser.until(`/MB|GB/.test(document.getElementById('tile-up').textContent)`)
      expect(await browser.evaluate('document.documentElement.scrollWidth')).toBe(view.width)
      if (PICTURES !== undefined) await new Promise((resolve) => setTimeout(resolve, 25_000))
      const picture = await browser.screenshot()
      expect(picture.length).toBeGreaterThan(10_000)
      if (PICTURES !== undefined) writeFileSync(join(PICTURES, `${name}.png`), picture)
    },
    60_000,
  )
})
