/** What `pipe` refuses before it touches a stream, and what it takes although it looks unusual. */
import { type Duplex, duplexPair, PassThrough, Readable, Writable } from 'node:stream'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../src/errors.js'
import { type PipeOptions, pipe } from '../../src/index.js'

/** The error of a call that must be refused. */
function refusal(client: unknown, backend: unknown, options?: unknown): MillraceError {
  try {
    pipe(client as Duplex, backend as Duplex, options as PipeOptions).close()
  } catch (error) {
    return error as MillraceError
  }
  return expect.unreachable('pipe took these arguments')
}

const refusedOptions = (options: unknown): MillraceError => refusal(duplexPair()[0], duplexPair()[0], options)

/** An array whose memory another thread has. */
function transferred(): Uint8Array {
  const array = new Uint8Array(4)
  structuredClone(array.buffer, { transfer: [array.buffer] })
  return array
}

const throwing = (): never => {
  throw new Error('trap')
}

describe('the options of pipe', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'options: expected an object with options, found null'],
    ['a number', 5, 'options: expected an object with options, found 5'],
    ['a list', [], 'options: expected an object with options, found a list'],
    ['a Map', new Map(), 'options: expected an object with options, found a Map'],
    ['a function', () => {}, 'options: expected an object with options, found a function'],
    [
      'a misspelt key',
      { idleTimeout: 5 },
      'options.idleTimeout: is no option: did you mean "idleTimeoutMs"?',
    ],
    ['a key of the config', { idleMs: 5 }, 'options.idleMs: is no option: did you mean "idleTimeoutMs"?'],
    ['a key of node:stream', { end: false }, 'options.end: is no option: did you mean "halfClose"?'],
    ['an unknown key', { colour: 1 }, 'options.colour: is no option: write one of head, backendHead,'],
    [
      'a text as head',
      { head: 'text' },
      'options.head: expected a Buffer or Uint8Array, found "text": write Buffer.from(text)',
    ],
    [
      'an ArrayBuffer as head',
      { head: new ArrayBuffer(2) },
      'found an ArrayBuffer: write new Uint8Array(buffer)',
    ],
    [
      'a DataView as head',
      { backendHead: new DataView(new ArrayBuffer(2)) },
      'options.backendHead: expected a Buffer',
    ],
    [
      'a negative time',
      { idleTimeoutMs: -1 },
      'options.idleTimeoutMs: expected a number of ms from 0 (never), found -1',
    ],
    ['NaN', { halfClosedTimeoutMs: Number.NaN }, 'options.halfClosedTimeoutMs: expected a number of ms'],
    ['a time as text', { maxLifetimeMs: '5s' }, 'found "5s": only a config takes texts such as "10m"'],
    ['a bigint', { maxLifetimeMs: 5n }, 'options.maxLifetimeMs: expected a number of ms'],
    [
      'an unknown splice',
      { splice: 'yes' },
      'options.splice: expected one of "auto", "on", "off", found "yes"',
    ],
    [
      'a flag as halfClose',
      { halfClose: true },
      'options.halfClose: expected one of "propagate", "close", found true',
    ],
    ['null as head', { head: null }, 'options.head: expected a Buffer or Uint8Array, found null'],
    [
      'a getter that throws',
      Object.defineProperty({}, 'head', { get: throwing }),
      'options.head: cannot be read, because it throws',
    ],
    [
      'a Proxy that throws',
      new Proxy({}, { ownKeys: throwing }),
      'options: cannot be read, because it throws',
    ],
    ['a control character', { splice: '\u001b[31m' }, 'found "\\u001b[31m"'],
  ])('pipe refuses %s', (_, options, message) => {
    const error = refusedOptions(options)
    expect(error).toBeInstanceOf(MillraceError)
    expect(error).toMatchObject({ code: 'bad-argument', message: expect.stringContaining(message) })
    expect(error.message).toMatch(/^pipe: options/)
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['an object without a prototype', Object.assign(Object.create(null), { splice: 'off' })],
    ['frozen options', Object.freeze({ head: Buffer.from('x') })],
    ['inherited options', Object.create({ idleTimeoutMs: 5 })],
    ['an option that is undefined', { head: undefined, idleTimeoutMs: undefined }],
    ['a Buffer of another realm', { head: runInNewContext('new Uint8Array([1, 2])') }],
    ['a head whose memory was transferred', { head: transferred() }],
    ['a time without an end', { idleTimeoutMs: Number.POSITIVE_INFINITY }],
  ])('pipe takes %s', async (_, options) => {
    const running = pipe(duplexPair()[0], duplexPair()[0], options as PipeOptions)
    running.close()
    expect((await running).ended.cause).toBe('ordered')
  })

  test('pipe reads each option once, so a getter that changes its answer changes nothing', async () => {
    const answers = [Buffer.from('first'), 'second']
    const [far, near] = duplexPair()
    const running = pipe(
      duplexPair()[0],
      near,
      Object.defineProperty({}, 'head', { get: () => answers.shift() }),
    )
    far.once('data', () => running.close())
    expect(await running).toMatchObject({ bytesUp: 5 })
    expect(answers).toEqual(['second'])
  })
})

describe('the streams of pipe', () => {
  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'expected a socket, another Duplex of node:stream, or Web streams as'],
    ['a plain object', {}, 'found an object without read()'],
    ['a Readable', Readable.from([]), 'found a Readable without write()'],
    ['a Writable', new Writable(), 'found a Writable without read()'],
    ['half of a pair of Web streams', new TransformStream().readable, 'ReadableStream without read()'],
    ['a stream that reads objects', new PassThrough({ readableObjectMode: true }), 'is in object mode'],
    ['a stream that writes objects', new PassThrough({ writableObjectMode: true }), 'is in object mode'],
    ['a stream with an encoding', new PassThrough({ encoding: 'latin1' }), 'has setEncoding("latin1")'],
    ['a frozen stream', Object.freeze(duplexPair()[0]), 'is frozen'],
    ['a Proxy that throws', new Proxy({}, { get: throwing }), 'cannot be read, because it throws'],
  ])('pipe refuses %s on either side, and leaves the other stream as it was', (_, stream, message) => {
    const good = duplexPair()[0]
    const told = { code: 'bad-argument', message: expect.stringContaining(message) }
    expect(refusal(stream, good)).toMatchObject({
      ...told,
      message: expect.stringMatching(/^pipe: client: /),
    })
    expect(refusal(stream, good)).toMatchObject(told)
    expect(refusal(good, stream)).toMatchObject({
      ...told,
      message: expect.stringMatching(/^pipe: backend: /),
    })
    expect([good.isPaused(), good.listenerCount('error'), good.destroyed]).toEqual([false, 0, false])
  })

  test('pipe refuses a stream that has text of its bytes in its buffer, and takes it without the encoding', () => {
    const [far, near] = duplexPair()
    near.setEncoding('utf8')
    far.write(Buffer.from([0xff, 0xfe]))
    expect(refusal(near, duplexPair()[0]).message).toBe(
      'pipe: client: has setEncoding("utf8"), which makes text of its bytes: remove that call',
    )
  })

  test('pipe refuses the same stream twice: in one call, and in a second call', async () => {
    const [a, b] = [duplexPair()[0], duplexPair()[0]]
    expect(refusal(a, a).message).toContain('backend: is the same stream as client')
    const running = pipe(a, b)
    expect(refusal(a, duplexPair()[0]).message).toContain('client: belongs to another pipe')
    expect(refusal(duplexPair()[0], b).message).toContain('backend: belongs to another pipe')
    running.close()
    await running
  })

  test('close and totals of a pipe work without the pipe', async () => {
    const running = pipe(duplexPair()[0], duplexPair()[0])
    const { close, totals } = running
    expect(totals()).toMatchObject({ bytesUp: 0 })
    close()
    expect((await running).ended).toMatchObject({ cause: 'ordered' })
  })
})
