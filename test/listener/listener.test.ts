/** A listener on a mock engine. */
import { describe, expect, it, vi } from 'vitest'
import type { AcceptHandler, Engine } from '../../src/io/engine.js'
import { listenError } from '../../src/io/listening/listen-errors.js'
import type { Socket } from '../../src/io/socket.js'
import { Listener, type ListenerHooks } from '../../src/listener/listener.js'

const asked = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
const bound = { ...asked, port: 4711 }

function setUp() {
  const listener = new Listener({ name: 'front', address: asked, ipv6Only: false })
  const close = vi.fn()
  let handler: AcceptHandler | undefined
  const listen = vi.fn(async (_address: unknown, _options: unknown, given: AcceptHandler) => {
    handler = given
    return { address: bound, close }
  })
  const hooks = { accepted: vi.fn(), paused: vi.fn(), failed: vi.fn() } satisfies ListenerHooks
  const engine = { listen } as unknown as Engine
  const open = (sharePort = false) => listener.open(engine, sharePort, hooks)
  return { listener, open, close, listen, hooks, handler: () => handler! }
}

describe('a listener', () => {
  it('a listener shows its configured address until it is open, and then its real one', async () => {
    const { listener, open } = setUp()
    expect(listener.status()).toMatchObject({ name: 'front', address: '127.0.0.1:0', isListening: false })
    await open()
    expect(listener.status()).toMatchObject({ address: '127.0.0.1:4711', isListening: true })
    expect(listener.address).toEqual(bound)
  })

  it('a listener asks for a shared port if it is told to', async () => {
    const { open, listen } = setUp()
    await open(true)
    expect(listen.mock.calls[0]![1]).toMatchObject({ sharePort: true })
  })

  it('a listener that cannot listen names itself in the error', async () => {
    const { open, listen } = setUp()
    listen.mockRejectedValue(listenError(asked, 'EACCES'))
    await expect(open()).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringMatching(
        /^listener front: cannot listen on 127\.0\.0\.1:0: EACCES, not permitted/,
      ),
    })
  })

  it('a listener hands each client on once, with its address', async () => {
    const { listener, open, hooks, handler } = setUp()
    await open()
    const client = {} as Socket
    handler().accepted(client, 9)
    expect(hooks.accepted).toHaveBeenCalledExactlyOnceWith(listener, client, 9)
  })

  it('a listener reports every pause, and marks one as news at most once in 10 s', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { listener, open, hooks, handler } = setUp()
    await open()
    for (let i = 0; i < 50; i++) {
      handler().paused('EMFILE')
      vi.advanceTimersByTime(100)
    }
    expect(hooks.paused).toHaveBeenCalledTimes(50)
    expect(hooks.paused).toHaveBeenNthCalledWith(1, listener, 'EMFILE', true)
    expect(hooks.paused).toHaveBeenNthCalledWith(2, listener, 'EMFILE', false)
    expect(hooks.paused).toHaveBeenLastCalledWith(listener, 'EMFILE', false)
    vi.advanceTimersByTime(6000)
    handler().paused('ENFILE')
    expect(hooks.paused).toHaveBeenLastCalledWith(listener, 'ENFILE', true)
    vi.useRealTimers()
  })

  it('a listener reports failures to accept at most once in 10 s', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { listener, open, hooks, handler } = setUp()
    await open()
    for (let i = 0; i < 50; i++) handler().failed?.('EPERM')
    expect(hooks.failed.mock.calls).toEqual([[listener, 'EPERM']])
    vi.advanceTimersByTime(10_000)
    handler().failed?.('ENONET')
    expect(hooks.failed).toHaveBeenLastCalledWith(listener, 'ENONET')
    vi.useRealTimers()
  })

  it('a listener passes pauses on to its engine, and resets a client that is put back after its close', async () => {
    const { listener, open, listen } = setUp()
    const told: string[] = []
    const client = { reset: () => told.push('reset') } as unknown as Socket
    listen.mockResolvedValue({
      address: bound,
      close: vi.fn(),
      pause: (reason: string) => told.push(`pause for ${reason}`),
      putBack: () => told.push('put back'),
      resume: (reason: string) => told.push(`no more ${reason}`),
    } as never)
    await open()
    listener.pause('admission')
    listener.putBack(client, 9)
    listener.resume('admission')
    expect(told).toEqual(['pause for admission', 'put back', 'no more admission'])
    listener.close()
    listener.pause('admission')
    listener.putBack(client, 9)
    listener.resume('admission')
    expect(told.slice(3)).toEqual(['reset'])
  })

  it('a listener that is closed twice closes its socket once', async () => {
    const { listener, open, close } = setUp()
    listener.close()
    await open()
    listener.close()
    listener.close()
    expect(close).toHaveBeenCalledOnce()
    expect(listener.status().isListening).toBe(false)
  })
})
