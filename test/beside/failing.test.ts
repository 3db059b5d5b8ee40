/** Backends that die, hang, answer late and flap, beside HAProxy, which redispatches. What is counted is lost clients. */
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { SilentBackend } from '../support/silent-backend.js'
import { both, type Story } from './both.js'
import { ask, askAtOnce, askInTurn, hold, sharesOf } from './clients.js'

const STORY = {
  lines: ['balance roundrobin'],
  cluster: { balance: 'round-robin' },
  weights: { a: 1, b: 1, c: 1 },
} as const satisfies Story

describe.skipIf(areMissing('haproxy'))('failing backends beside HAProxy', () => {
  const folder = temporaryFolder()

  it('a backend that dies costs no new client, and millrace tries it less often than HAProxy without checks', async () => {
    const results = await both(folder, 'c dies: 300 new connections', STORY, async (proxy, { c }) => {
      c!.die()
      const shares = sharesOf(await askInTurn(proxy.port, 300))
      return { shares, failedConnects: await proxy.failedConnects() }
    })
    for (const { shares } of [results.haproxy, results.millrace]) {
      expect(shares.lost).toBeUndefined()
      expect(shares.c).toBeUndefined()
    }
    expect(results.millrace.failedConnects).toBeGreaterThan(0)
    expect(results.millrace.failedConnects).toBeLessThan(results.haproxy.failedConnects / 2)
  })

  it('a backend that dies ends its own connections and no others, in both proxies', async () => {
    const results = await both(folder, 'c dies: of 30 that are there', STORY, async (proxy, { c }) => {
      const clients = await hold(proxy.port, 30)
      const own = clients.filter(({ name }) => name === 'c')
      const ended = Promise.all(
        own.map(({ socket }) => new Promise((resolve) => socket.on('close', resolve))),
      )
      c!.die()
      await ended
      const open = sharesOf(clients.filter(({ socket }) => !socket.destroyed).map(({ name }) => name))
      for (const { socket } of clients) socket.destroy()
      return open
    })
    expect(results.haproxy).toEqual({ a: 10, b: 10 })
    expect(results.millrace).toEqual(results.haproxy)
  })

  it('a backend that takes no connect costs no client in both proxies', async () => {
    const silent = await SilentBackend.listen()
    const story = { ...STORY, shared: [{ name: 'silent', port: silent.port }] }
    const results = await both(folder, 'a backend drops connects: 24 connections', story, async (proxy) => {
      const shares = sharesOf(await askAtOnce(proxy.port, 24))
      return { lost: shares.lost ?? 0, failedConnects: await proxy.failedConnects() }
    })
    for (const { lost, failedConnects } of [results.haproxy, results.millrace]) {
      expect(lost).toBe(0)
      expect(failedConnects).toBeGreaterThan(0)
    }
    await silent.close()
  })

  it('a backend that answers late costs no client in both proxies', async () => {
    const results = await both(folder, 'c answers late: 60 connections', STORY, async (proxy, { c }) => {
      c!.manner = 'late'
      return sharesOf(await askAtOnce(proxy.port, 60))
    })
    expect(results.haproxy).toEqual({ a: 20, b: 20, c: 20 })
    expect(results.millrace).toEqual(results.haproxy)
  })

  it('a backend that flaps costs no client in both proxies, and is used again', async () => {
    const results = await both(
      folder,
      'c refuses and accepts five times: 90 connections',
      STORY,
      async (proxy, { c }) => {
        const names: (string | undefined)[] = []
        for (let round = 0; round < 5; round++) {
          c!.refuse()
          names.push(...(await askInTurn(proxy.port, 9)))
          await c!.listen()
          names.push(...(await askInTurn(proxy.port, 9)))
        }
        for (let before = c!.accepted; c!.accepted === before; ) (await ask(proxy.port)).socket.destroy()
        return { lost: names.filter((name) => name === undefined).length }
      },
    )
    expect(results).toEqual({ haproxy: { lost: 0 }, millrace: { lost: 0 } })
  })
})
