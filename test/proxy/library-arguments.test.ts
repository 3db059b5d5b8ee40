/** What the functions of the library refuse, with the name of the argument, what was given, and what to write instead. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createProxy,
  formatAddress,
  MillraceError,
  type ProxyOptions,
  parseAddress,
} from '../../src/index.js'

const config = {
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
  clusters: { back: { backends: ['127.0.0.1:1'] } },
  log: { level: 'silent' },
} as const
const proxy = createProxy(config)
beforeAll(() => proxy.start())
afterAll(() => proxy.stop())

/** A function that takes anything, as JavaScript does. */
type Loose = (...args: unknown[]) => unknown
const loose = (name: keyof typeof proxy): Loose => proxy[name] as Loose

async function refusal(call: () => unknown): Promise<MillraceError> {
  try {
    await call()
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError)
    return error as MillraceError
  }
  return expect.unreachable('it took these arguments')
}

describe('createProxy', () => {
  const LOGGER =
    'options.log: expected a logger with the methods info, warn and error, such as one of pino, or console'
  it.each<[string, unknown, string]>([
    ['null', null, 'options: expected an object with options, found null'],
    ['a number as log', { log: 5 }, `${LOGGER}, found 5`],
    ['null as log', { log: null }, `${LOGGER}, found null: for no log, leave log out`],
    ['a logger without methods', { log: {} }, `${LOGGER}, found an object`],
    ['a logger with a method that is none', { log: { ...console, debug: 1 } }, LOGGER],
    [
      'a logger that throws',
      {
        log: new Proxy(
          {},
          {
            get: () => {
              throw new Error()
            },
          },
        ),
      },
      'options.log: cannot be read',
    ],
    ['a misspelt option', { sharePort: true }, 'options.sharePort: is no option: did you mean "sharePorts"?'],
    ['a name of others', { logger: console }, 'options.logger: is no option: did you mean "log"?'],
    ['an internal option', { engine: {} }, 'options.engine: is no option: write one of log, sharePorts'],
    ['a text as flag', { sharePorts: 'yes' }, 'options.sharePorts: expected true or false, found "yes"'],
  ])('createProxy refuses %s', async (_, options, message) => {
    const error = await refusal(() => createProxy(config, options as ProxyOptions))
    expect(error).toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining(`createProxy: ${message}`),
    })
  })

  it.each([undefined, null, 5, 'text', []])('createProxy refuses %j as its config', async (given) => {
    expect(await refusal(() => createProxy(given as never))).toMatchObject({ code: 'config-invalid' })
  })

  it('createProxy refuses a config whose getter throws', async () => {
    const broken = Object.defineProperty({ ...config }, 'clusters', {
      enumerable: true,
      get: () => {
        throw new Error('getter')
      },
    })
    const error = await refusal(() => createProxy(broken))
    expect(error).toMatchObject({ code: 'bad-argument', cause: { message: 'getter' } })
  })

  it('createProxy takes a frozen config, and one without prototypes', () => {
    const bare = Object.assign(Object.create(null), config)
    for (const given of [Object.freeze({ ...config }), bare])
      expect(createProxy(given).status().listeners).toHaveLength(1)
  })
})

describe('the functions of a proxy', () => {
  it.each<[keyof typeof proxy, unknown[], string]>([
    ['drain', [null], 'drain: order: expected an object with options, found null'],
    ['drain', ['5s'], 'drain: order: expected an object with options, found "5s"'],
    ['drain', [{ listner: 'front' }], 'drain: order.listner: is no option: did you mean "listener"?'],
    ['drain', [{ listener: 5 }], 'drain: order.listener: expected the name of a listener, found 5'],
    ['drain', [{ deadlineMs: '5s' }], 'drain: order.deadlineMs: expected a number of ms, found "5s"'],
    [
      'drain',
      [{ listener: 'front', deadlineMs: Number.NaN }],
      'drain: order.deadlineMs: expected a number of ms, found NaN',
    ],
    ['drain', [{ listener: 'front', deadlineMs: -1 }], 'found -1'],
    ['drain', [{ listener: undefined }], 'drain: order.listener: is undefined: leave it out to mean all'],
    ['drain', [{ cluster: 'back', backend: undefined }], 'drain: order.backend: is undefined'],
    ['unban', [{ client: undefined }], 'unban: order.client: is undefined: leave it out to mean all'],
    ['bans', [{ client: undefined }], 'bans: query.client: is undefined: leave it out to mean all'],
    ['sources', [{ scope: undefined }], 'sources: query.scope: is undefined: leave it out to mean all'],
    [
      'drain',
      [{ listener: 'front', cluster: 'back' }],
      'drain: order: a drain takes a listener or a cluster',
    ],
    ['hold', [{ cluster: 'back', maxMs: -1 }], 'hold: order.maxMs: expected ms from 1'],
    ['ban', [{ client: 'x', forMs: 5 }], 'ban: order.client: expected an address or a network'],
    ['limit', ['01', { up: -1 }], 'limit: order.up: expected 0 or bytes per second'],
    ['limit', ['01', {}], 'limit: order: a limit needs up, down or both'],
    ['hold', [], 'hold: order.cluster: is missing: expected the name of a cluster'],
    ['hold', [{ cluster: 'back' }], 'hold: order.maxMs: is missing: expected a number of ms'],
    ['hold', [{ cluster: 'back', forMs: 5 }], 'hold: order.forMs: is no option: did you mean "maxMs"?'],
    ['release', [], 'release: cluster: expected the name of a cluster, found undefined'],
    ['failback', [{ cluster: 'back' }], 'failback: cluster: expected the name of a cluster, found an object'],
    ['openListener', [0], 'openListener: listener: expected the name of a listener, found 0'],
    ['ban', [{ client: 5, forMs: 5 }], 'ban: order.client: expected an address or a network, found 5'],
    ['ban', [{ client: '192.0.2.1' }], 'ban: order.forMs: is missing: expected a number of ms'],
    ['ban', [{ client: '192.0.2.1', forMs: 5, end: false }], 'ban: order.end: expected true, found false'],
    ['unban', [{ clients: [] }], 'unban: order.clients: is no option: did you mean "client"?'],
    ['bans', [{ limit: '5' }], 'bans: query.limit: expected a whole number from 1 to 1000, found "5"'],
    ['bans', [{ limit: -1 }], 'bans: query.limit: expected a whole number from 1 to 1000, found -1'],
    ['sources', [{ limit: 1.5 }], 'sources: query.limit: expected a whole number from 1 to 1000, found 1.5'],
    [
      'sources',
      [{ sort: 'age' }],
      'sources: query.sort: expected one of "connections", "rate", "bytes", found "age"',
    ],
    ['on', ['records', () => {}], 'on: name: expected one of "connection", "record", "backendDown"'],
    ['once', ['record'], 'once: listener: expected a function, found undefined'],
    ['off', ['record', 5], 'off: listener: expected a function, found 5'],
    ['records', [{ most: 0 }], 'records: options.most: expected a whole number from 1 to 100000, found 0'],
    ['records', [5], 'records: options: expected an object with options, found 5'],
    ['limit', [1, { up: 0 }], 'limit: id: expected the id of a connection, found 1'],
    ['limit', ['01', { upp: 0 }], 'limit: order.upp: is no option: did you mean "up"?'],
  ])('%s(%j) is refused', async (name, args, message) => {
    const error = await refusal(() => loose(name)(...args))
    expect(error).toMatchObject({ code: 'bad-argument', message: expect.stringContaining(message) })
    expect(proxy.status()).toMatchObject({ state: 'running', drains: [] })
  })

  it.each([undefined, null, 'text'])('reload(%j) is refused as a config', async (given) => {
    expect(await refusal(() => proxy.reload(given as never))).toMatchObject({ code: 'config-invalid' })
  })
})

describe('the functions for addresses', () => {
  it.each<[Loose, unknown, string]>([
    [parseAddress as Loose, 5, 'parseAddress: text: expected a text such as "127.0.0.1:7000", found 5'],
    [
      parseAddress as Loose,
      undefined,
      'parseAddress: text: expected a text such as "127.0.0.1:7000", found undefined',
    ],
    [formatAddress as Loose, null, 'formatAddress: address: expected what parseAddress returns, found null'],
    [
      formatAddress as Loose,
      { kind: 'tcp' },
      'formatAddress: address: expected what parseAddress returns, found an object',
    ],
  ])('an address of the wrong kind is refused', async (call, given, message) => {
    expect(await refusal(() => call(given))).toMatchObject({ code: 'bad-argument', message })
  })
})
