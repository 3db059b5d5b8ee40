/** Messages to a receiver of syslog that is slow, gone or full: nobody waits, memory has a bound, and each message is counted. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Datagrams, Sent } from '../../../../src/io/datagrams.js'
import { Outbox } from '../../../../src/observe/log/syslog/outbox.js'

const MIB = 1024 * 1024

/** A receiver that answers as the test says. */
class Receiver implements Datagrams {
  readonly taken: string[] = []
  answers: string[] = []
  /** The answers come later, when the test calls them. */
  later: (() => void)[] | undefined
  isClosed = false

  send(bytes: Buffer, sent: Sent): void {
    const answer = this.answers.shift() ?? ''
    if (answer === '') this.taken.push(bytes.toString())
    if (this.later === undefined) sent(answer)
    else this.later.push(() => sent(answer))
  }

  close(): void {
    this.isClosed = true
  }
}

describe('an outbox', () => {
  let receiver: Receiver
  let tally: { sent: number; dropped: number }
  let outbox: Outbox
  beforeEach(() => {
    vi.useFakeTimers()
    receiver = new Receiver()
    tally = { sent: 0, dropped: 0 }
    outbox = new Outbox(receiver, tally)
  })
  afterEach(async () => {
    const closed = outbox.close()
    await vi.advanceTimersByTimeAsync(2000)
    await closed
    vi.useRealTimers()
  })
  const put = (...texts: string[]): void => {
    for (const text of texts) outbox.put(Buffer.from(text))
  }

  it('messages wait while the queue of the receiver is full, and keep their order', () => {
    receiver.answers = ['', 'EAGAIN', 'EAGAIN']
    put('1', '2', '3')
    expect(receiver.taken).toEqual(['1'])
    vi.advanceTimersByTime(10)
    expect(receiver.taken).toEqual(['1', '2', '3'])
    expect(tally).toEqual({ sent: 3, dropped: 0 })
  })

  it.each(['EMFILE', 'ENFILE'])('messages wait while there is no file descriptor (%s)', (errno) => {
    receiver.answers = [errno, errno]
    put('1', '2')
    vi.advanceTimersByTime(10)
    expect(receiver.taken).toEqual(['1', '2'])
    expect(tally).toEqual({ sent: 2, dropped: 0 })
  })

  it('a receiver that is gone costs the messages of that time and no later ones', () => {
    receiver.answers = ['ECONNREFUSED', 'ENOENT']
    put('1', '2', '3')
    expect(receiver.taken).toEqual(['3'])
    expect(tally).toEqual({ sent: 1, dropped: 2 })
  })

  it('a receiver that takes nothing costs the messages that do not fit into 1 MiB', () => {
    receiver.answers = Array<string>(100_000).fill('EAGAIN')
    const kib = 'x'.repeat(1024)
    for (let i = 0; i < 2000; i++) put(kib)
    expect(tally).toEqual({ sent: 0, dropped: 2000 - MIB / 1024 })
  })

  it('after a close the messages that still wait count as dropped', async () => {
    receiver.answers = Array<string>(100_000).fill('EAGAIN')
    put('1', '2')
    const closed = outbox.close()
    await vi.advanceTimersByTimeAsync(1000)
    await closed
    put('3')
    expect(tally).toEqual({ sent: 0, dropped: 3 })
    expect(receiver.isClosed).toBe(true)
  })

  it('each message is sent or dropped exactly once, whatever the receiver answers and when', async () => {
    const answer = fc.constantFrom('', '', 'EAGAIN', 'ENOBUFS', 'EMFILE', 'ECONNREFUSED', 'EMSGSIZE')
    const property = fc.asyncProperty(
      fc.array(answer),
      fc.nat(600),
      fc.boolean(),
      async (answers, count, isLater) => {
        const some = new Receiver()
        const counts = { sent: 0, dropped: 0 }
        some.answers = answers
        if (isLater) some.later = []
        const box = new Outbox(some, counts)
        for (let i = 0; i < count; i++) box.put(Buffer.from(String(i)))
        for (let i = 0; i < 2000 && counts.sent + counts.dropped < count; i++) {
          some.later?.shift()?.()
          vi.advanceTimersByTime(1)
        }
        expect(counts.sent + counts.dropped).toBe(count)
        expect(new Set(some.taken).size).toBe(some.taken.length)
        expect(counts.sent).toBe(some.taken.length)
        await box.close()
      },
    )
    await fc.assert(property, { numRuns: 50 })
  })
})
