/** A dialogue with one end of a connection before the pipe: it looks, reads, says and waits. Both engines. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GRACE_MS } from '../../src/io/delivery.js'
import { Dialogue, type DialogueOver } from '../../src/io/dialogue.js'
import type { Engine, Listening } from '../../src/io/engine.js'
import type { Socket } from '../../src/io/socket.js'
import type { Answer } from '../../src/peek/answer.js'
import { difference, pattern } from '../support/bytes.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import { engines } from '../support/engines.js'
import { connectTo, type Peer } from '../support/peer.js'
import { settled, turns, until } from '../support/wait.js'

const MIB = 1024 * 1024
const PIECE = 64 * 1024

/** Waits until everything that has a deadline in `engine` has looked at the clock. */
async function ticks(engine: Engine): Promise<void> {
  let looks = 0
  const watcher = { sweepIndex: -1, expire: () => void looks++ }
  engine.sweep.add(watcher, 1)
  await until(() => looks > 0)
  engine.sweep.delete(watcher)
  await turns(2)
}

/** Matches the first `length` bytes. */
const first =
  (length: number) =>
  (bytes: Buffer): Answer<string> =>
    bytes.length < length
      ? { kind: 'need-more' }
      : { kind: 'match', value: bytes.toString('latin1', 0, length), bytes: length }

const why = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'settled',
    (error: DialogueOver) => error.why,
  )

describe.each(engines().map((engine) => [engine.kind, engine] as const))(
  'a dialogue on the %s engine',
  (_, engine) => {
    let listening: Listening
    let peer: Peer
    let socket: Socket
    let dialogue: Dialogue

    beforeEach(async () => {
      const accepted = new Promise<Socket>((resolve) => {
        void engine
          .listen(
            { kind: 'tcp', host: '127.0.0.1', port: 0 },
            { backlog: 16, sharePort: false },
            {
              accepted: resolve,
              paused: () => {},
            },
          )
          .then(async (opened) => {
            listening = opened
            peer = await connectTo(opened.address)
          })
      })
      socket = await accepted
      while (peer === undefined) await turns(1)
      dialogue = new Dialogue(socket, engine.runQueue, engine.sweep)
    })
    afterEach(() => {
      restoreClock()
      dialogue.end()
      socket.reset()
      peer.socket.destroy()
      listening.close()
      peer = undefined as unknown as Peer
    })

    const waiting = (): number => socket.unacknowledgedBytes() ?? socket.queuedBytes

    it('a dialogue looks at the first bytes several times and takes none of them', async () => {
      peer.send(Buffer.from('hel'))
      const looking = dialogue.look(first(5), 100)
      await turns(20)
      peer.send(Buffer.from('lo world'))
      expect(await looking).toMatchObject({ value: 'hello', bytes: 5 })
      expect(await dialogue.look(first(5), 100)).toMatchObject({ value: 'hello' })
      expect(socket.read(6).toString()).toBe('hello ')
      expect(await dialogue.look(first(5), 100)).toMatchObject({ value: 'world' })
    })

    it('a dialogue shows the bytes it was asked for, or fewer if the peer has ended', async () => {
      peer.send(Buffer.from('hello'))
      expect((await dialogue.show(3)).toString()).toBe('hel')
      peer.end()
      expect((await dialogue.show(100)).toString()).toBe('hello')
    })

    it('a dialogue reads all bytes until the peer ends', async () => {
      const sent = pattern(1, 500_000)
      peer.send(sent)
      peer.end()
      const chunks: Buffer[] = []
      for (let bytes = await dialogue.read(); bytes.length > 0; bytes = await dialogue.read()) {
        chunks.push(Buffer.from(bytes))
      }
      expect(Buffer.concat(chunks).equals(sent)).toBe(true)
    })

    it('a dialogue that says more than the socket takes waits until all of it has gone', async () => {
      const said = pattern(2, 20_000_000)
      peer.pause()
      const copy = Buffer.from(said)
      const saying = dialogue.say(said)
      await turns(50)
      // The dialogue has copied what has not gone yet, so the caller may overwrite it.
      said.fill(0)
      peer.resume()
      await saying
      socket.shutdown()
      expect(await peer.ended).toBe('fin')
      expect(peer.received.equals(copy)).toBe(true)
    })

    it('a dialogue reads and says at the same time', async () => {
      const [reading, saying] = [dialogue.read(), dialogue.say(Buffer.from('hello'))]
      await saying
      await peer.receive(5)
      peer.send(Buffer.from('yes'))
      expect((await reading).toString()).toBe('yes')
    })

    it("a dialogue's wait fails if the peer ends first or the deadline passes", async () => {
      const looking = why(dialogue.look(first(5), 100))
      peer.send(Buffer.from('he'))
      peer.end()
      expect(await looking).toBe('ended')
      dialogue.allow(20)
      expect(await why(dialogue.during(new Promise(() => {})))).toBe('timed-out')
      // With a new deadline the dialogue can be used again.
      dialogue.allow(0)
      expect((await dialogue.show(2)).toString()).toBe('he')
    })

    it('every wait of a dialogue fails when the peer resets', async () => {
      const looking = why(dialogue.look(first(5), 100))
      const during = why(dialogue.during(new Promise(() => {})))
      peer.reset()
      expect(await looking).toBe('broken')
      expect(await during).toBe('broken')
    })

    it('a dialogue that waits for a promise passes on its value or its error', async () => {
      expect(await dialogue.during(Promise.resolve(7))).toBe(7)
      await expect(dialogue.during(Promise.reject(new Error('oh no')))).rejects.toThrow('oh no')
    })

    it('a cancelled dialogue fails the wait under way and every later one', async () => {
      const looking = why(dialogue.look(first(5), 100))
      dialogue.cancel()
      expect(await looking).toBe('cancelled')
      peer.send(Buffer.from('hello'))
      expect(await why(dialogue.look(first(5), 100))).toBe('cancelled')
    })

    it('the last words of a dialogue arrive although the peer has sent bytes that nobody read', async () => {
      peer.send(pattern(3, 200_000))
      const leaving = dialogue.sayGoodbye(Buffer.from('goodbye'))
      expect(await peer.ended).toBe('fin')
      expect(peer.received.toString()).toBe('goodbye')
      peer.end()
      await leaving
      expect(socket.isClosed).toBe(true)
    })

    /** Says `bytes` as an HTTP answer is passed on: each piece when the piece before it has gone. */
    const sayInPieces = async (bytes: Buffer): Promise<unknown> => {
      for (let at = 0; at < bytes.length; at += PIECE) await dialogue.say(bytes.subarray(at, at + PIECE))
      return await dialogue.leave()
    }

    it('a parting loses no byte if the peer reads slowly and still sends', async () => {
      const said = pattern(4, 12 * MIB)
      peer.pause()
      const leaving = sayInPieces(said)
      await settled(waiting)
      peer.resume()
      await peer.receive(10 * MIB)
      peer.pause()
      await settled(waiting)
      advanceClock(20_000)
      peer.send(Buffer.from('still here'))
      await turns(500)
      peer.resume()
      expect(await peer.ended).toBe('fin')
      expect(difference(peer.received, said)).toBeUndefined()
      peer.end()
      expect(await leaving).toBeUndefined()
    })

    it.skipIf(engine.kind === 'stream')(
      'a parting lasts for as long as the peer goes on acknowledging',
      async () => {
        const said = pattern(4, 12 * MIB)
        peer.pause()
        const leaving = sayInPieces(said)
        for (let got = 9 * MIB; got < said.length; got += MIB / 2) {
          peer.resume()
          await peer.receive(got)
          peer.pause()
          await settled(waiting)
          await ticks(engine)
          advanceClock(10_000)
          await ticks(engine)
        }
        peer.resume()
        expect(await peer.ended).toBe('fin')
        expect(difference(peer.received, said)).toBeUndefined()
        peer.end()
        expect(await leaving).toBeUndefined()
      },
    )

    it('a parting from a peer that takes nothing for 30 s ends and reports lost bytes', async () => {
      peer.pause()
      const leaving = dialogue.say(pattern(5, 1.5 * MIB)).then(() => dialogue.leave())
      await settled(waiting)
      await ticks(engine)
      advanceClock(29_000)
      await ticks(engine)
      expect(socket.isClosed).toBe(false)
      // The peer's kernel may still take some bytes. That is progress, and begins another 30 s.
      while (!socket.isClosed) {
        advanceClock(30_000)
        await ticks(engine)
      }
      expect(await leaving).toMatchObject({ why: 'timed-out' })
    })

    it('a dialogue resets a peer that has not taken its last words for 30 s', async () => {
      peer.pause()
      const leaving = dialogue.sayGoodbye(pattern(5, 20 * MIB))
      await settled(waiting)
      advanceClock(31_000)
      await leaving
      peer.resume()
      expect(await peer.reallyEnded()).toMatch(/ECONNRESET|EPIPE/)
    })

    it('a parting from a peer that has every byte and does not close reports a loss only on the stream engine', async () => {
      const leaving = dialogue.say(Buffer.from('goodbye')).then(() => dialogue.leave())
      expect(await peer.ended).toBe('fin')
      await until(() => (socket.unacknowledgedBytes() ?? 0) === 0)
      advanceClock(31_000)
      const lost = await leaving
      if (engine.kind === 'kernel') expect(lost).toBeUndefined()
      else expect(lost).toMatchObject({ why: 'timed-out' })
      expect(socket.isClosed).toBe(true)
    })

    it('a parting reports lost bytes if the peer resets before it has taken them', async () => {
      peer.pause()
      const leaving = dialogue.say(pattern(6, 1.5 * MIB)).then(() => dialogue.leave())
      await settled(waiting)
      peer.reset()
      expect(await leaving).toMatchObject({ why: 'broken' })
    })

    it('a dialogue whose last words have arrived stays while the peer sends, and 5 s longer', async () => {
      const leaving = dialogue.sayGoodbye(Buffer.from('goodbye'))
      expect(await peer.ended).toBe('fin')
      for (let i = 0; i < 5; i++) {
        peer.send(Buffer.from('still here'))
        await turns(100)
        advanceClock(4000)
        await ticks(engine)
      }
      expect(socket.isClosed).toBe(false)
      advanceClock(2000)
      await leaving
      expect(socket.isClosed).toBe(true)
    })

    it.skipIf(engine.kind === 'stream')(
      'a parting reports no loss if the peer resets after it has taken every byte',
      async () => {
        const leaving = dialogue.say(Buffer.from('goodbye')).then(() => dialogue.leave())
        expect(await peer.ended).toBe('fin')
        await until(() => (socket.unacknowledgedBytes() ?? 0) <= 1)
        peer.reset()
        expect(await leaving).toBeUndefined()
      },
    )

    it('a dialogue that breaks off resets only after the peer has taken what was said', async () => {
      peer.pause()
      await dialogue.say(pattern(7, 96 * 1024))
      const breaking = dialogue.breakOff()
      peer.resume()
      await peer.receive(96 * 1024)
      // The stream engine does not know what was acknowledged. It waits for one second instead.
      if (engine.kind === 'stream') advanceClock(GRACE_MS)
      await breaking
      expect(await peer.reallyEnded()).toBe('ECONNRESET')
      expect(difference(peer.received, pattern(7, 96 * 1024))).toBeUndefined()
    })

    it('a dialogue that breaks off and is cancelled closes at once', async () => {
      peer.pause()
      const saying = why(dialogue.say(pattern(8, 20 * MIB)))
      await settled(waiting)
      const breaking = dialogue.breakOff()
      dialogue.cancel()
      await breaking
      expect(socket.isClosed).toBe(true)
      // A stream has queued all of it already.
      expect(await saying).toBe(engine.kind === 'kernel' ? 'cancelled' : 'settled')
      if (engine.kind === 'kernel') {
        expect(dialogue.unsaidBytes).toBeGreaterThan(0)
        expect(dialogue.unsaidBytes).toBeLessThan(20 * MIB)
      } else expect(dialogue.unsaidBytes).toBe(0)
    })

    it('an accepted socket knows the address that its peer connected to', () => {
      expect(socket.localAddress()).toEqual(listening.address)
    })

    it('a socket that is given to Node still delivers the bytes that the dialogue only looked at', async () => {
      peer.send(Buffer.from('hello'))
      await dialogue.look(first(5), 100)
      dialogue.end()
      const stream = socket.release()!
      const chunks: Buffer[] = []
      stream.on('error', () => {})
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.resume()
      stream.end('bye')
      await peer.receive(3)
      while (Buffer.concat(chunks).length < 5) await turns(1)
      expect(Buffer.concat(chunks).toString()).toBe('hello')
      expect(socket.isClosed).toBe(true)
      stream.destroy()
    })
  },
)
