/**
 * Which orders make no sense in themselves. The command, the API and the library accept the same orders and refuse the
 * same orders.
 */
import { describe, expect, it } from 'vitest'
import { parseCommandLine } from '../../src/command/command-line.js'
import { checkScope, timesOf } from '../../src/control/drain-order.js'
import {
  type DrainFault,
  faultOfBan,
  faultOfChange,
  faultOfDrain,
  faultOfKill,
} from '../../src/control/faults.js'
import * as schemas from '../../src/control/order-schemas.js'
import type {
  BackendChange,
  BanOrder,
  ConnectionFilter,
  DrainOrder,
  FromOutside,
} from '../../src/control/orders.js'

const DRAIN_MS = 30_000

/** The order that the command makes of the line, or undefined if it refuses the line. */
function fromFlags(line: string): unknown {
  const commandLine = parseCommandLine(line.split(' '), '1.2.3')
  if (commandLine.kind !== 'ask') return undefined
  const { question } = commandLine
  if (question.verb === 'kill') return question.filter
  if (question.verb === 'drain' || question.verb === 'ban') return question.order
  return question.verb === 'backend' ? question.change : undefined
}

/** Whether a proxy accepts the order. */
function isTakenByProxy(order: DrainOrder): boolean {
  try {
    checkScope(order)
    timesOf(order, DRAIN_MS)
    return true
  } catch {
    return false
  }
}

const DRAINS: [line: string, order: FromOutside<DrainOrder>, fault: DrainFault | undefined][] = [
  ['drain --all', { all: true }, undefined],
  ['drain --listener a', { listener: 'a' }, undefined],
  ['drain --cluster b --backend x:1', { cluster: 'b', backend: 'x:1' }, undefined],
  ['drain --all --deadline 2s --spread 2s', { all: true, deadlineMs: 2000, spreadMs: 2000 }, undefined],
  ['drain --all --deadline 0 --spread 2s', { all: true, deadlineMs: 0, spreadMs: 2000 }, undefined],
  ['drain --all --spread 2s', { all: true, spreadMs: 2000 }, 'spread-alone'],
  ['drain --deadline 1s', { deadlineMs: 1000 }, 'nothing-named'],
  ['drain --all --cluster b', { all: true, cluster: 'b' }, 'all-and-more'],
  ['drain --listener a --cluster b', { listener: 'a', cluster: 'b' }, 'listener-and-cluster'],
  ['drain --backend x:1', { backend: 'x:1' }, 'backend-alone'],
  ['drain --listener a --backend x:1', { listener: 'a', backend: 'x:1' }, 'backend-alone'],
  [
    'drain --all --deadline 1s --spread 2s',
    { all: true, deadlineMs: 1000, spreadMs: 2000 },
    'spread-too-long',
  ],
]

describe('drain orders', () => {
  it.each(DRAINS)('command, API and library agree whether `%s` is valid', (line, order, fault) => {
    expect(faultOfDrain(order)).toBe(fault)
    expect(fromFlags(line)).toEqual(fault === undefined ? order : undefined)
    // In a program, a spread without a deadline has the deadline of the config. Operators must give one.
    const isTaken = schemas.drainOrder.safeParse(order).success && isTakenByProxy(order)
    expect(isTaken).toBe(fault === undefined)
  })

  it('the spread of a drain is never longer than the deadline, and half of it by default', () => {
    expect(timesOf({}, 40)).toEqual({ deadlineMs: 40, spreadMs: 20 })
    expect(timesOf({ deadlineMs: 0, spreadMs: 5 }, 40)).toEqual({ deadlineMs: 0, spreadMs: 0 })
    expect(() => timesOf({ spreadMs: 41 }, 40)).toThrow('spreadMs (41) is longer than the deadline (40)')
  })
})

const KILLS: [line: string, filter: FromOutside<ConnectionFilter>, isGood: boolean][] = [
  ['kill --all', { all: true }, true],
  ['kill x y', { ids: ['x', 'y'] }, true],
  ['kill --idle 5s --client 10.0.0.0/8', { idleForMs: 5000, client: '10.0.0.0/8' }, true],
  ['kill', {}, false],
  ['kill --all --listener a', { all: true, listener: 'a' }, false],
  ['kill --all x', { all: true, ids: ['x'] }, false],
]

describe('kill orders', () => {
  it.each(KILLS)('command and API agree whether `%s` is valid', (line, filter, isGood) => {
    expect(faultOfKill(filter) === undefined).toBe(isGood)
    expect(fromFlags(line)).toEqual(isGood ? filter : undefined)
    expect(schemas.killOrder.safeParse(filter).success).toBe(isGood)
  })
})

const CHANGES: [flags: string, change: BackendChange, isGood: boolean][] = [
  ['--state maint', { state: 'maint' }, true],
  ['--weight 0', { weight: 0 }, true],
  ['--state up --weight 1000', { state: 'up', weight: 1000 }, true],
  ['--json', {}, false],
]

describe('changes of a backend', () => {
  it.each(CHANGES)(
    'command and API agree whether a change of a backend with %s is valid',
    (flags, change, isGood) => {
      expect(faultOfChange(change) === undefined).toBe(isGood)
      expect(fromFlags(`backend pg x:1 ${flags}`)).toEqual(isGood ? change : undefined)
      expect(schemas.backendChange.safeParse(change).success).toBe(isGood)
    },
  )

  it('a change of a backend to down is refused, and the error says to use drain or maint', () => {
    expect(fromFlags('backend pg x:1 --state down')).toBeUndefined()
    const { error } = schemas.backendChange.safeParse({ state: 'down' })
    expect(error?.issues).toMatchObject([{ message: expect.stringMatching(/drain .* or maint/) }])
  })

  it("a change of a backend to HAProxy's ready is refused, and the error says to use up", () => {
    const { error } = schemas.backendChange.safeParse({ state: 'ready' })
    expect(error?.issues).toMatchObject([{ message: "ready is HAProxy's word: use up" }])
    expect(parseCommandLine('backend pg x:1 --state ready'.split(' '), '1.2.3')).toMatchObject({
      kind: 'exit',
      code: 2,
      stderr: expect.stringContaining("ready is HAProxy's word: use up."),
    })
  })

  it.each([
    ['--weight 1001', { weight: 1001 }],
    ['--weight -1', { weight: -1 }],
    ['--state sideways', { state: 'sideways' }],
  ])('command and API refuse a change of a backend with %s', (flags, change) => {
    expect(fromFlags(`backend pg x:1 ${flags}`)).toBeUndefined()
    expect(schemas.backendChange.safeParse(change).success).toBe(false)
  })
})

const BANS: [line: string, order: BanOrder, isGood: boolean][] = [
  ['ban 10.0.0.0/8 --for 1s', { client: '10.0.0.0/8', forMs: 1000 }, true],
  ['ban 10.0.0.0/7 --for 1s', { client: '10.0.0.0/7', forMs: 1000 }, false],
  ['ban 10.0.0.0/7 --for 1s --all', { client: '10.0.0.0/7', forMs: 1000, all: true }, true],
  ['ban 2001::/16 --for 1s', { client: '2001::/16', forMs: 1000 }, true],
  ['ban 2001::/15 --for 1s', { client: '2001::/15', forMs: 1000 }, false],
]

describe('orders to ban', () => {
  it.each(BANS)('command and API agree whether `%s` is valid', (line, order, isGood) => {
    expect(faultOfBan(order) === undefined).toBe(isGood)
    expect(fromFlags(line)).toEqual(isGood ? order : undefined)
    expect(schemas.banOrder.safeParse(order).success).toBe(isGood)
  })
})
