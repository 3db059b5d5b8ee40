/** Active checks and agents beside HAProxy: after which results a backend is down and up, and what follows for clients. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { AgentPort, HealthPort } from '../support/health-port.js'
import { areMissing } from '../support/programs.js'
import { until } from '../support/wait.js'
import { both, type Story } from './both.js'
import { askInTurn, hold, sharesOf } from './clients.js'
import { type Proxy, untilState } from './rig.js'

const EVERY_MS = 50
const ROUND_ROBIN = { lines: ['balance roundrobin'], cluster: { balance: 'round-robin' } } as const

/** Answers a check only when the test says so. Then the next one is on its way, and the last result counts already. */
class Gate {
  readonly #server: Server
  readonly #waiting: ServerResponse[] = []

  private constructor() {
    this.#server = createServer((_, response) => {
      this.#waiting.push(response)
      // A proxy that ends asks nothing any more.
      response.on('close', () => this.#forget(response))
      this.#server.emit('asked')
    })
  }

  static async open(): Promise<Gate> {
    const gate = new Gate()
    gate.#server.listen(0, '127.0.0.1')
    await once(gate.#server, 'listening')
    return gate
  }

  get port(): number {
    const bound = this.#server.address()
    return bound === null || typeof bound === 'string' ? 0 : bound.port
  }

  async asked(): Promise<void> {
    if (this.#waiting.length === 0) await once(this.#server, 'asked')
  }

  answer(status: number): void {
    this.#waiting.shift()!.writeHead(status, { connection: 'close' }).end()
  }

  #forget(response: ServerResponse): void {
    const index = this.#waiting.indexOf(response)
    if (index !== -1) this.#waiting.splice(index, 1)
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** `+` is a check that passes. Returns the state after each result: `U` or `D`. */
async function statesAfter(proxy: Proxy, gate: Gate, results: string): Promise<string> {
  let states = ''
  for (const result of results) {
    await gate.asked()
    gate.answer(result === '+' ? 200 : 503)
    await gate.asked()
    // After an order millrace answers with a new status, and not with one that is up to 250 ms old.
    await proxy.setWeight('a', 1)
    states += (await proxy.stateOf('a')).isUp ? 'U' : 'D'
  }
  return states
}

const beside = (port: number): Pick<Story, 'lines' | 'serverOptions' | 'cluster'> => ({
  lines: [...ROUND_ROBIN.lines, 'option httpchk', 'http-check expect status 200-399', 'timeout check 10s'],
  serverOptions: `check port ${port} inter ${EVERY_MS} rise 2 fall 3 on-marked-down shutdown-sessions`,
  cluster: {
    ...ROUND_ROBIN.cluster,
    health: { check: { http: true, port, everyMs: EVERY_MS, timeoutMs: '10s' }, onDown: 'reset' },
  },
})

describe.skipIf(areMissing('haproxy'))('checks beside HAProxy', () => {
  const folder = temporaryFolder()

  it.each([
    ['+--+---+-++-+', 'UUUUUUDDDDUUU'],
    ['-+-+++---', 'DDDDUUUUD'],
  ])('after the results %s a backend is in the states %s in both proxies', async (results, states) => {
    const gate = await Gate.open()
    const story = { ...beside(gate.port), weights: { a: 1 } }
    const told = await both(folder, `checks ${results}: states`, story, (proxy) =>
      statesAfter(proxy, gate, results),
    )
    expect(told).toEqual({ haproxy: states, millrace: states })
    gate.close()
  })

  it('a backend that fails its checks loses its connections and gets no new ones, and nobody else does, in both proxies', async () => {
    const ports: HealthPort[] = []
    for (const host of ['127.0.1.1', '127.0.1.2', '127.0.1.3'])
      ports.push(await HealthPort.open(host, ports[0]?.port))
    const story = { ...beside(ports[0]!.port), weights: { a: 1, b: 1, c: 1 }, hasOwnHosts: true }
    const results = await both(
      folder,
      'checks of c fail: of 30 that are there, of 30 new',
      story,
      async (proxy) => {
        for (const name of ['a', 'b', 'c']) await untilState(proxy, name, true)
        const clients = await hold(proxy.port, 30)
        ports[2]!.status = 503
        await untilState(proxy, 'c', false)
        await Promise.all(clients.filter(({ name }) => name === 'c').map(({ socket }) => ended(socket)))
        const open = sharesOf(clients.filter(({ socket }) => !socket.destroyed).map(({ name }) => name))
        const fresh = sharesOf(await askInTurn(proxy.port, 30))
        for (const { socket } of clients) socket.destroy()
        ports[2]!.status = 200
        await untilState(proxy, 'c', true)
        const back = sharesOf(await askInTurn(proxy.port, 30))
        for (const port of ports) port.status = 503
        for (const name of ['a', 'b', 'c']) await untilState(proxy, name, false)
        const none = sharesOf(await askInTurn(proxy.port, 3))
        for (const port of ports) port.status = 200
        return { open, fresh, back, none }
      },
    )
    expect(results.millrace).toEqual({
      open: { a: 10, b: 10 },
      fresh: { a: 15, b: 15 },
      back: { a: 10, b: 10, c: 10 },
      none: { lost: 3 },
    })
    expect(results.haproxy).toEqual(results.millrace)
    await Promise.all(ports.map((port) => port.close()))
  })

  it('an agent changes the share of its backend as in HAProxy', async () => {
    const agent = await AgentPort.open('127.0.1.1')
    const story = {
      // HAProxy takes no answer of an agent that comes later.
      lines: [...ROUND_ROBIN.lines, 'timeout check 10s'],
      serverOptions: `agent-check agent-port ${agent.port} agent-inter ${EVERY_MS} agent-send "q\\n"`,
      cluster: {
        ...ROUND_ROBIN.cluster,
        health: { agent: { port: agent.port, send: 'q\n', everyMs: EVERY_MS, timeoutMs: '10s' } },
      },
      weights: { a: 100, b: 100 },
      hasOwnHosts: true,
    } as const
    const lines = [
      '50%',
      '100%',
      'drain',
      'ready',
      'maint',
      'ready',
      'down #disk full',
      'up',
      '0%',
      '100% up ready',
    ]
    const results = await both(folder, 'an agent: shares of a in 48', story, async (proxy) => {
      const shares: number[] = []
      for (const line of lines) {
        agent.line = line
        const { length } = agent.heard
        // The answer to the one before has been taken.
        await until(() => agent.heard.length >= length + 3)
        shares.push(sharesOf(await askInTurn(proxy.port, 48)).a ?? 0)
      }
      return shares
    })
    // The turn goes on where the weights before have left it.
    for (const shares of Object.values(results))
      for (const [index, share] of [16, 24, 0, 24, 0, 24, 0, 24, 0, 24].entries())
        expect(Math.abs(shares[index]! - share), `${shares}`).toBeLessThanOrEqual(share === 0 ? 0 : 1)
    await agent.close()
  })
})

async function ended(socket: Socket): Promise<void> {
  if (!socket.destroyed) await once(socket, 'close')
}
