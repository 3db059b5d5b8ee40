/** The keys of sockets: when a peer counts as gone, and who may connect to a unix socket. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ClusterInput, ProxyConfig } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { problemsIn } from './config-file.js'

interface Said {
  readonly all?: Partial<ProxyConfig>
  readonly listener?: Partial<ListenerInput> | Record<string, unknown>
  readonly cluster?: Partial<ClusterInput>
}

function read({ all = {}, listener = {}, cluster = {} }: Said) {
  const config = validateConfig({
    listeners: [{ address: '127.0.0.1:7000', cluster: 'pg', ...listener }],
    clusters: { pg: { backends: ['127.0.0.1:9000'], ...cluster } },
    ...all,
  })
  return { listener: config.listeners[0]!, cluster: config.clusters.pg! }
}

const problems = (said: Said): string[] => problemsIn(() => read(said))

describe('keepalive', () => {
  const usual = { idleMs: 60_000, everyMs: 15_000, count: 4 }

  it('keepalive is on by default for listeners and clusters', () => {
    const { listener, cluster } = read({})
    expect([listener.liveness, cluster.liveness]).toEqual(Array(2).fill({ keepalive: usual, deadPeerMs: 0 }))
  })

  it('keepalive of a listener overrides keepalive of the config', () => {
    const { listener, cluster } = read({
      all: { keepalive: false, timeouts: { deadPeerMs: '30s' } },
      listener: { keepalive: { idleMs: '5m', count: 2 }, timeouts: { deadPeerMs: 0 } },
    })
    expect(listener.liveness).toEqual({
      keepalive: { idleMs: 300_000, everyMs: 15_000, count: 2 },
      deadPeerMs: 0,
    })
    expect(cluster.liveness).toEqual({ keepalive: false, deadPeerMs: 30_000 })
  })

  it.each([
    [{ idleMs: 0 }, 'keepalive.idleMs: expected whole seconds from 1s to 32767s, found 0'],
    [{ idleMs: 1500 }, 'keepalive.idleMs: expected whole seconds from 1s to 32767s, found 1500'],
    [{ everyMs: '10h' }, 'keepalive.everyMs: expected whole seconds from 1s to 32767s, found "10h"'],
    [{ count: 128 }, 'keepalive.count: expected a whole number from 1 to 127, found 128'],
    [{ count: 0 }, 'keepalive.count: expected a whole number from 1 to 127, found 0'],
  ])('keepalive of %j is an error', (keepalive, message) => {
    expect(problems({ all: { keepalive } })).toEqual([message])
    expect(problems({ listener: { keepalive } })).toEqual([`listeners[0].${message}`])
    expect(problems({ cluster: { keepalive } })).toEqual([`clusters.pg.${message}`])
  })
})

describe('unix sockets', () => {
  const address = 'unix:/run/a.sock'
  const { platform } = process
  afterEach(() => {
    Object.defineProperty(process, 'platform', { value: platform })
    vi.unstubAllEnvs()
  })

  it('a unix socket of a listener gets the mode and the group of the config', () => {
    expect(read({ listener: { address, mode: '0660', group: 'proxy' } }).listener.socketFile).toEqual({
      mode: 0o660,
      group: 'proxy',
    })
    expect(read({ listener: { address, mode: '600', group: 33 } }).listener.socketFile).toEqual({
      mode: 0o600,
      group: '33',
    })
  })

  it.each([
    [{ address, mode: 660 }, /^listeners\[0\]\.mode: .*put it in quotes$/],
    [{ address, mode: '0888' }, /^listeners\[0\]\.mode: expected permissions in octal digits/],
    [{ address, mode: '66' }, /^listeners\[0\]\.mode: expected permissions in octal digits/],
    [{ address, group: 'no such' }, /^listeners\[0\]\.group: expected the name of a group, or its number/],
    [{ mode: '0660' }, /^listeners\[0\]\.mode: works only with the file of a unix socket/],
    [
      { address: 'unix:@a', group: 'proxy' },
      /^listeners\[0\]\.group: works only with the file of a unix socket/,
    ],
  ])('a listener with %j is an error', (listener, message) => {
    expect(problems({ listener })).toEqual([expect.stringMatching(message)])
  })

  it.each(['darwin', 'win32'])(
    'an abstract unix socket is refused on %s, for a listener and for a backend',
    (value) => {
      Object.defineProperty(process, 'platform', { value })
      const said = { listener: { address: 'unix:@a' }, cluster: { backends: ['unix:@b'] } }
      expect(problems(said)).toEqual([
        expect.stringMatching(/^listeners\[0\]\.address: abstract sockets exist only on Linux/),
        expect.stringMatching(/^clusters\.pg\.backends\[0\]: abstract sockets exist only on Linux/),
      ])
    },
  )

  it('an abstract unix socket is refused without the addon, because Node adds NULs to its name', () => {
    vi.stubEnv('MILLRACE_NATIVE', 'off')
    expect(problems({ listener: { address: 'unix:@a' } })).toEqual([
      expect.stringMatching(/^listeners\[0\]\.address: abstract sockets (need the addon|exist only on)/),
    ])
  })

  it('an abstract unix socket is refused as admin address, because everybody may connect to it', () => {
    expect(problems({ all: { admin: 'unix:@a' } })).toEqual([
      expect.stringMatching(/^admin: an abstract socket has no file permissions/),
    ])
  })
})
