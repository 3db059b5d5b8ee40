/** One direction with faults, between two streams in memory: which bytes it writes at once, and when. */
import type { Socket } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Fault } from '../../src/faults/fault.js'
import { FaultyDirection, MOST_HELD_BYTES } from '../../src/faults/faulty-direction.js'
import { treatmentOf } from '../../src/faults/treatment.js'
import { turns } from '../support/wait.js'
import { HandClock } from './clocks.js'

class Rig {
  readonly clock = new HandClock()
  readonly source = new PassThrough({ highWaterMark: 64 * 1024 })
  /** Each write, with the ms since the start. */
  readonly writes: [number, string][] = []
  isEnded = false
  readonly #beganAt = this.clock.now()
  readonly sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      this.writes.push([this.clock.now() - this.#beganAt, chunk.toString('latin1')])
      done()
    },
    final: (done) => {
      this.isEnded = true
      done()
    },
  })
  readonly direction: FaultyDirection
  #then: readonly Fault[] = []

  /** `then` are the faults after the first `limit` bytes. */
  constructor(faults: readonly Fault[], limit = Number.POSITIVE_INFINITY, then: readonly Fault[] = []) {
    const [source, sink] = [this.source, this.sink] as unknown as [Socket, Socket]
    this.direction = new FaultyDirection(source, sink, this.clock, () => this.change(this.#then))
    this.#then = then
    this.direction.change(treatmentOf('up', faults), limit)
    this.direction.start()
  }

  change(faults: readonly Fault[]): void {
    this.direction.change(treatmentOf('up', faults), Number.POSITIVE_INFINITY)
  }

  async send(text: string | Buffer): Promise<void> {
    this.source.write(text)
    await turns(3)
  }

  async end(): Promise<void> {
    this.source.end()
    await turns(3)
  }

  async pass(ms: number): Promise<void> {
    for (let i = 0; i < ms; i++) {
      this.clock.advance(1)
      await turns(2)
    }
  }

  get texts(): string[] {
    return this.writes.map(([, text]) => text)
  }
}

describe('a direction without faults', () => {
  it('a direction without faults passes each chunk on at once, and then the end', async () => {
    const rig = new Rig([])
    await rig.send('one')
    await rig.send('two')
    await rig.end()
    expect(rig.writes).toEqual([
      [0, 'one'],
      [0, 'two'],
    ])
    expect({ ended: rig.isEnded, passed: rig.direction.passed }).toEqual({ ended: true, passed: 6 })
  })
})

describe('delay', () => {
  it('delay shifts every chunk and the end by the same time, and keeps their order', async () => {
    const rig = new Rig([{ do: 'delay', ms: 10 }])
    await rig.send('one')
    await rig.pass(4)
    await rig.send('two')
    await rig.pass(1)
    await rig.end()
    await rig.pass(9)
    expect(rig.isEnded).toBe(false)
    await rig.pass(1)
    expect(rig.writes).toEqual([
      [10, 'one'],
      [14, 'two'],
    ])
    expect(rig.isEnded).toBe(true)
  })

  it('a direction that is healed passes on at once what was delayed', async () => {
    const rig = new Rig([{ do: 'delay', ms: 1000 }])
    await rig.send('one')
    await rig.end()
    rig.change([])
    rig.direction.wake()
    await turns(3)
    expect({ writes: rig.writes, ended: rig.isEnded }).toEqual({ writes: [[0, 'one']], ended: true })
  })

  it('delay after 4 bytes delays the fifth byte of a chunk, and not the first four', async () => {
    const rig = new Rig([], 4, [{ do: 'delay', ms: 10 }])
    await rig.send('abcdef')
    await rig.pass(10)
    expect(rig.writes).toEqual([
      [0, 'abcd'],
      [10, 'ef'],
    ])
  })

  it('a delayed direction holds about 1 MiB, and then reads no more', async () => {
    const rig = new Rig([{ do: 'delay', ms: 10 }])
    for (let i = 0; i < 40; i++) await rig.send(Buffer.alloc(64 * 1024))
    expect(rig.source.isPaused()).toBe(true)
    expect(rig.source.readableLength).toBeGreaterThan(0)
    await rig.pass(30)
    expect(rig.direction.passed).toBe(40 * 64 * 1024)
    expect(Math.max(...rig.writes.map(([, text]) => text.length))).toBeLessThanOrEqual(MOST_HELD_BYTES)
  })
})

describe('throttle', () => {
  it('throttle passes a burst at once, and then as many bytes as the rate says', async () => {
    const rig = new Rig([{ do: 'throttle', bytesPerSecond: 1000, burstBytes: 5 }])
    await rig.send('abcdefghijklm')
    await rig.pass(8)
    expect(rig.writes).toEqual([
      [0, 'abcde'],
      [5, 'fghij'],
      [8, 'klm'],
    ])
  })

  it('throttle without a burst lets the bytes of 100 ms pass at once', async () => {
    const rig = new Rig([{ do: 'throttle', bytesPerSecond: 100 }])
    await rig.send('x'.repeat(12))
    expect(rig.writes).toEqual([[0, 'x'.repeat(10)]])
  })

  it('a throttled direction reads no more than 64 KiB ahead, so its sender has to wait', async () => {
    const rig = new Rig([{ do: 'throttle', bytesPerSecond: 1 }])
    for (let i = 0; i < 4; i++) await rig.send(Buffer.alloc(64 * 1024))
    expect(rig.source.isPaused()).toBe(true)
  })
})

describe('split and join', () => {
  it('split writes segments of so many bytes, and the rest of a chunk as a smaller one', async () => {
    const rig = new Rig([{ do: 'split', bytes: 3 }])
    await rig.send('abcdefgh')
    expect(rig.texts).toEqual(['abc', 'def', 'gh'])
  })

  it('split with gapMs leaves so much time between two segments', async () => {
    const rig = new Rig([{ do: 'split', bytes: 2, gapMs: 5 }])
    await rig.send('abcdef')
    await rig.pass(10)
    expect(rig.writes).toEqual([
      [0, 'ab'],
      [5, 'cd'],
      [10, 'ef'],
    ])
  })

  it('split keeps its segments whole when throttle has a smaller burst', async () => {
    const rig = new Rig([
      { do: 'split', bytes: 4 },
      { do: 'throttle', bytesPerSecond: 1000, burstBytes: 1 },
    ])
    await rig.send('abcdefgh')
    await rig.pass(4)
    expect(rig.writes).toEqual([
      [0, 'abcd'],
      [4, 'efgh'],
    ])
  })

  it('join writes when enough bytes are there, and never more at once', async () => {
    const rig = new Rig([{ do: 'join', bytes: 4, ms: 1000 }])
    for (const text of ['a', 'b', 'c', 'defg', 'h']) await rig.send(text)
    expect(rig.texts).toEqual(['abcd', 'efgh'])
  })

  it('join writes what is there when its time is over, and when the sender has ended', async () => {
    const rig = new Rig([{ do: 'join', bytes: 100, ms: 5 }])
    await rig.send('a')
    await rig.pass(2)
    await rig.send('b')
    await rig.pass(3)
    expect(rig.writes).toEqual([[5, 'ab']])
    await rig.send('c')
    await rig.end()
    expect({ texts: rig.texts, ended: rig.isEnded }).toEqual({ texts: ['ab', 'c'], ended: true })
  })

  it('join and split together collect first, and then write segments', async () => {
    const rig = new Rig([
      { do: 'join', bytes: 6, ms: 1000 },
      { do: 'split', bytes: 4 },
    ])
    for (const text of ['ab', 'cd', 'ef', 'gh']) await rig.send(text)
    expect(rig.texts).toEqual(['abcd', 'ef'])
  })
})

describe('hang', () => {
  it('hang reads nothing, and a direction that is healed passes everything on', async () => {
    const rig = new Rig([{ do: 'hang' }])
    await rig.send('one')
    await rig.end()
    expect({ paused: rig.source.isPaused(), writes: rig.writes }).toEqual({ paused: true, writes: [] })
    rig.change([])
    rig.direction.wake()
    await turns(5)
    expect({ texts: rig.texts, ended: rig.isEnded }).toEqual({ texts: ['one'], ended: true })
  })

  it('hang that reads discards everything, also when it is healed, because a hole would be wrong', async () => {
    const rig = new Rig([], 2, [{ do: 'hang', reads: true }])
    await rig.send('abcd')
    rig.change([])
    rig.direction.wake()
    await rig.send('ef')
    await rig.end()
    expect({ texts: rig.texts, ended: rig.isEnded }).toEqual({ texts: ['ab'], ended: false })
  })
})

it('a direction that is stopped leaves no timer, and writes no more', async () => {
  const rig = new Rig([{ do: 'delay', ms: 10 }])
  await rig.send('one')
  rig.direction.stop()
  expect(rig.clock.timers).toBe(0)
  await rig.pass(20)
  expect(rig.writes).toEqual([])
})
