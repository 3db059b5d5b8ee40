/** The pauses of a listener, with mock sockets: which clients it hands out, in which order, and which it resets. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AcceptPauses } from '../../../src/io/listening/accept-pauses.js'
import type { Socket } from '../../../src/io/socket.js'

const MOST_WAITING = 100
/** So many clients are handed out in one turn. */
const BATCH = 32

interface Client extends Socket {
  readonly name: number
}

let handedOut: number[]
let reset: number[]
let mayComeIn: (name: number) => boolean
let pauses: AcceptPauses
const handler = {
  accepted: (client: Socket, from: unknown) => {
    const { name } = client as Client
    if (mayComeIn(name)) handedOut.push(name)
    else {
      pauses.pause('admission')
      pauses.putBack(client, from as number)
    }
  },
  paused: vi.fn(),
}
const socket = { stopAccepting: vi.fn(), startAccepting: vi.fn(() => '') }

function come(...names: number[]): void {
  for (const name of names) {
    const client = { name, reset: () => void reset.push(name) } as unknown as Socket
    pauses.accepted(client, name)
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.clearAllMocks()
  handedOut = []
  reset = []
  mayComeIn = () => true
  pauses = new AcceptPauses(handler, MOST_WAITING)
})
afterEach(() => {
  pauses.close()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('a listener that pauses', () => {
  it('a paused listener goes on when its last reason is gone, in whichever order they go', () => {
    pauses.add(socket)
    pauses.pause('admission')
    pauses.pauseForShortage('EMFILE')
    expect(socket.stopAccepting).toHaveBeenCalledOnce()
    pauses.resume('admission')
    expect(pauses.isAccepting).toBe(false)
    vi.advanceTimersByTime(100)
    expect(pauses.isAccepting).toBe(true)
    pauses.pauseForShortage('EMFILE')
    pauses.pause('admission')
    vi.advanceTimersByTime(100)
    expect(pauses.isAccepting).toBe(false)
    pauses.resume('admission')
    expect(pauses.isAccepting).toBe(true)
    // Once when it was added, and once after each pause.
    expect(socket.startAccepting).toHaveBeenCalledTimes(3)
  })

  it('a paused listener reports a shortage, and no other reason', () => {
    pauses.pause('admission')
    pauses.pauseForShortage('ENFILE')
    expect(handler.paused.mock.calls).toEqual([['ENFILE']])
  })

  it('a paused listener whose reason is taken away twice goes on once', () => {
    pauses.add(socket)
    pauses.pause('admission')
    pauses.resume('admission')
    pauses.resume('admission')
    expect(socket.startAccepting).toHaveBeenCalledTimes(2)
  })

  it('a paused listener does not accept from a socket that it is lent until it goes on', () => {
    pauses.add(socket)
    pauses.pause('admission')
    const lent = { stopAccepting: vi.fn(), startAccepting: vi.fn(() => '') }
    expect(pauses.add(lent)).toBe('')
    expect(lent.startAccepting).not.toHaveBeenCalled()
    pauses.resume('admission')
    expect(lent.startAccepting).toHaveBeenCalledOnce()
  })

  it('a listener pauses for a shortage when it cannot accept from one of its sockets again', () => {
    pauses.add(socket)
    pauses.pause('admission')
    socket.startAccepting.mockReturnValueOnce('ENOSPC')
    pauses.resume('admission')
    expect(handler.paused.mock.calls).toEqual([['ENOSPC']])
    expect(pauses.isAccepting).toBe(false)
    vi.advanceTimersByTime(100)
    expect(pauses.isAccepting).toBe(true)
  })
})

describe('clients of a paused listener', () => {
  it('waiting clients are handed out in order, and one that was put back keeps its place', () => {
    mayComeIn = (name) => name < 2
    come(1, 2)
    come(3, 4)
    expect(handedOut).toEqual([1])
    mayComeIn = (name) => name < 4
    pauses.resume('admission')
    vi.runAllTimers()
    expect(handedOut).toEqual([1, 2, 3])
    expect(pauses.isAccepting).toBe(false)
    mayComeIn = () => true
    pauses.resume('admission')
    come(5)
    expect(handedOut).toEqual([1, 2, 3, 4, 5])
  })

  it('waiting clients are handed out one at once, then 32 a turn, and a new client does not overtake them', () => {
    pauses.pause('admission')
    const names = Array.from({ length: BATCH + 2 }, (_, i) => i)
    come(...names)
    pauses.resume('admission')
    expect(handedOut).toEqual([0])
    vi.advanceTimersToNextTimer()
    expect(handedOut).toEqual(names.slice(0, BATCH + 1))
    come(99)
    expect(handedOut).toHaveLength(BATCH + 1)
    vi.runAllTimers()
    expect(handedOut).toEqual([...names, 99])
    expect(pauses.isAccepting).toBe(true)
  })

  it('waiting clients stay when a second pause begins before the rest was handed out', () => {
    pauses.pause('admission')
    come(1, 2)
    pauses.resume('admission')
    pauses.pause('admission')
    vi.runAllTimers()
    expect(handedOut).toEqual([1])
    pauses.resume('admission')
    expect(handedOut).toEqual([1, 2])
  })

  it('a listener whose sockets another process has is empty once the last waiting client has gone on', async () => {
    pauses.add(socket)
    pauses.pause('upgrade')
    come(1, 2)
    mayComeIn = (name) => name < 2
    let isEmpty = false
    const left = pauses.leave().then(() => {
      isEmpty = true
    })
    await vi.runAllTimersAsync()
    expect([handedOut, isEmpty]).toEqual([[1], false])
    mayComeIn = () => true
    pauses.resume('admission')
    await left
    expect([handedOut, reset]).toEqual([[1, 2], []])
  })

  it('a listener whose sockets another process has is empty at once if nobody waits, and when it is closed', async () => {
    pauses.add(socket)
    await pauses.leave()
    pauses.pause('admission')
    come(1)
    const left = pauses.leave()
    pauses.close()
    await left
    expect(reset).toEqual([1])
  })

  it('a paused listener resets clients beyond the most that may wait', () => {
    pauses.pause('admission')
    come(...Array.from({ length: MOST_WAITING + 2 }, (_, i) => i))
    expect(reset).toEqual([MOST_WAITING, MOST_WAITING + 1])
  })

  it('waiting clients are reset when the last socket closes, and so is one put back later', () => {
    const lent = { stopAccepting: () => {}, startAccepting: () => '' }
    pauses.add(socket)
    pauses.add(lent)
    pauses.pause('admission')
    come(1, 2)
    pauses.delete(lent)
    expect(reset).toEqual([])
    pauses.delete(socket)
    expect(reset).toEqual([1, 2])
    pauses.putBack({ reset: () => void reset.push(3) } as unknown as Socket, 3)
    pauses.resume('admission')
    expect(reset).toEqual([1, 2, 3])
    expect(handedOut).toEqual([])
  })
})
