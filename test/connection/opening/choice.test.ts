/** Which cluster a client gets, by what the opening has learnt. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ListenerInput } from '../../../src/config/listener-input.js'
import { validateConfig } from '../../../src/config/validate.js'
import { createListenerPolicy } from '../../../src/connection/listener-policy.js'
import { routeOf } from '../../../src/connection/opening/choice.js'
import type { KnownClient } from '../../../src/connection/opening/known-client.js'
import { Refusal } from '../../../src/connection/refusal.js'
import { DialogueOver } from '../../../src/io/dialogue.js'
import type { RouteFunction } from '../../../src/route/visitor.js'

/** The error of a wait in the opening that does not end in time. */
const timedOut = () => new DialogueOver(undefined as never, 'timed-out')

function clientOf(listener: Partial<ListenerInput>, known: object = {}): KnownClient {
  const { listeners } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'] }, other: { backends: ['127.0.0.1:3'] } },
  })
  const policy = createListenerPolicy(
    listeners[0]!,
    { firstBytesMs: 0, routeMs: 0 },
    () => ({ isTold: true, isKeyedBySni: false, dialsBySni: false }),
    undefined,
  )
  const dialogue = {
    allow: () => {},
    during: (work: Promise<unknown>) => work,
    show: async (bytes: number) => Buffer.alloc(bytes),
  }
  return { policy, dialogue, ...known } as unknown as KnownClient
}

const choose = (listener: Partial<ListenerInput>, known?: object) => routeOf(clientOf(listener, known))

it('a route by ALPN matches the agreed protocol if TLS ends here, else the offered ones', async () => {
  const listener = { routes: [{ alpn: ['h2'], cluster: 'other' }] } as const
  const hello = { serverName: 'a.test', alpn: ['h2', 'http/1.1'] }
  expect(await choose(listener, { hello })).toMatchObject({ cluster: 'other' })
  expect(await choose(listener, { hello, tls: { alpn: 'http/1.1' } })).toMatchObject({ cluster: 'back' })
  expect(await choose(listener, { hello, tls: { alpn: 'h2' } })).toMatchObject({ cluster: 'other' })
  expect(await choose(listener, { hello, tls: {} })).toMatchObject({ cluster: 'back' })
})

describe('a route function', () => {
  const ask = (route: RouteFunction, dialogue = {}) => {
    const client = clientOf({ route, cluster: undefined })
    Object.assign(client.dialogue, dialogue)
    return routeOf(client)
  }

  it('a route function may look at 1 to 16384 bytes', async () => {
    const route: RouteFunction = async ({ peek }) => {
      for (const bytes of [0, -1, 1.5, 16_385, Number.NaN])
        await expect(peek(bytes)).rejects.toThrow('expected 1 to 16384 bytes')
      return (await peek(1)).length + (await peek(16_384)).length === 16_385 ? 'back' : undefined
    }
    expect(await ask(route)).toMatchObject({ cluster: 'back' })
  })

  it('the time of a route function leaves out its waits for bytes of the client', async () => {
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
    onTestFinished(() => clock.mockRestore())
    const client = clientOf({
      route: async ({ peek }) => {
        now += 5
        await Promise.all([peek(1), peek(2)])
        now += 7
        return 'back'
      },
    })
    const show = async (bytes: number) => {
      await null
      now += 1000
      return Buffer.alloc(bytes)
    }
    Object.assign(client.dialogue, { show })
    await routeOf(client)
    expect(client.routeMicros).toBe(12_000)
  })

  it('a route function that is too slow ends its connection with route-timeout by the proxy', async () => {
    let isAsked = false
    const during = (work: Promise<unknown>) => {
      work.catch(() => {})
      return new Promise((_, fail) => setImmediate(() => fail(timedOut())))
    }
    const asked = ask(
      async ({ peek }) => {
        await peek(1)
        isAsked = true
        return new Promise(() => {})
      },
      { during },
    )
    const refusal = await asked.catch((error) => error)
    expect(isAsked).toBe(true)
    expect(refusal).toBeInstanceOf(Refusal)
    expect(refusal.ending).toEqual({ by: 'proxy', phase: 'opening', cause: 'route-timeout' })
  })
})
