/**
 * Two processes hand connections over, and one of them is killed at a step of the hand-over. Each connection belongs to exactly one
 * process at that moment: it goes on if that process lives, and ends with it if not. No other connection ends.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAddress } from '../../src/address.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { connectTo, type Peer } from '../support/peer.js'
import { Program } from '../support/programs.js'

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))
const SCRIPT = fileURLToPath(new URL('hand-over-process.mjs', import.meta.url))
const CONNECTIONS = 3
const folder = temporaryFolder()

interface Told {
  readonly given: number
  readonly active: number
  readonly address: string
}

/** A process that gives and takes connections. */
class Process {
  readonly path: string
  readonly program: Program
  #asked = 1

  constructor(name: string, backend: Backend, dieAt: string) {
    this.path = join(folder, name)
    const config = {
      log: { level: 'error', access: false },
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
      clusters: { back: { backends: [backend.address] } },
    }
    const options = JSON.stringify({ config, path: this.path, dieAt })
    this.program = new Program(process.execPath, [SCRIPT, CHECKOUT, options])
  }

  /** What it tells first, or after the line. Undefined: it has died. */
  async told(line?: string): Promise<Told | undefined> {
    if (line !== undefined) {
      this.#asked += 1
      this.program.child.stdin.write(`${line}\n`)
    }
    return await this.program.seen(() => this.#all[this.#asked - 1]).catch(() => undefined)
  }

  get #all(): Told[] {
    const lines = this.program.stdout.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Told)
  }
}

/** Whether bytes still come through. */
async function isAlive(client: Peer): Promise<boolean> {
  const before = client.receivedBytes
  client.send(Buffer.from('?'))
  return await client.receive(before + 1).then(
    () => true,
    () => false,
  )
}

const DEATHS = [
  { who: 'giver', dieAt: 'before batch', alive: [0] },
  { who: 'giver', dieAt: 'after batch', alive: [0, CONNECTIONS] },
  { who: 'taker', dieAt: 'at batch', alive: [CONNECTIONS] },
  { who: 'taker', dieAt: 'before taken', alive: [CONNECTIONS] },
  { who: 'taker', dieAt: 'after taken', alive: [0] },
  { who: 'giver', dieAt: 'at taken', alive: [CONNECTIONS] },
] as const

describe.runIf(kernelLoop() instanceof KernelLoop)('a process that is killed in a hand-over', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = (await Backend.listen()).echo()
  })
  afterAll(() => backend.close())

  /** The clients of the giver, which serves them. */
  async function clientsOf(giver: Process): Promise<Peer[]> {
    const address = parseAddress((await giver.told())!.address)
    const clients: Peer[] = []
    for (let count = 0; count < CONNECTIONS; count++) {
      clients.push(await connectTo(address as Exclude<typeof address, string>))
      expect(await isAlive(clients.at(-1)!)).toBe(true)
    }
    return clients
  }

  test.concurrent.each(DEATHS)(
    '$who killed $dieAt: every connection has one owner, and shares its fate',
    async ({ who, dieAt, alive }) => {
      const giver = new Process(`${dieAt}-giver`, backend, who === 'giver' ? dieAt : '')
      const taker = new Process(`${dieAt}-taker`, backend, who === 'taker' ? dieAt : '')
      const [clients] = await Promise.all([clientsOf(giver), taker.told()])
      await giver.told(taker.path)
      if (who === 'taker') await taker.program.exited
      const living = (await Promise.all(clients.map(isAlive))).filter((isLiving) => isLiving)
      expect(alive).toContain(living.length)
      const survivor = who === 'giver' ? taker : giver
      expect((await survivor.told(''))?.active).toBe(living.length)
      for (const { socket } of clients) socket.destroy()
      await Promise.all([giver.program.kill(), taker.program.kill()])
    },
  )
})
