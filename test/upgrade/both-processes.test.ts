/** Orders about connections, while some are in the process before the upgrade. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ConnectionInfo } from '../../src/control/answers.js'
import { CONTROL_METHODS, type Control } from '../../src/control/control.js'
import { unknownName } from '../../src/control/names.js'
import { CONNECTION, DIRECTION } from '../../src/status/connection.js'
import { reachingBoth } from '../../src/upgrade/both-processes.js'
import { forwarding } from '../../src/upgrade/forwarding.js'
import { Stage } from '../../src/upgrade/stage.js'
import { blank } from '../support/blank.js'

const DRAINED = { finished: 1, closed: 2, cut: 3 }
const direction = { ...blank(DIRECTION), carrier: undefined }
const connection = (id: string, ageMs: number): ConnectionInfo =>
  ({
    ...blank(CONNECTION),
    id,
    ageMs,
    startedAt: '2026-01-01T00:00:00.000Z',
    up: direction,
    down: direction,
  }) as never

/** For each method: what one process answers, and what the predecessor is asked. */
const METHODS: Readonly<
  Record<
    keyof Control,
    {
      readonly args?: readonly unknown[]
      readonly answer?: unknown
      readonly there?: keyof Control
    }
  >
> = {
  status: {},
  readiness: {},
  connections: { args: [{}], answer: { matched: 0, connections: [] }, there: 'connections' },
  sources: { args: [{}], answer: { isShared: false, matched: 0, sources: [] }, there: 'sources' },
  kill: { args: [{}], answer: { killed: 2 }, there: 'kill' },
  limit: { args: ['id', { up: 0 }], answer: { id: 'id' } },
  drain: { args: [{ cluster: 'a' }], answer: DRAINED, there: 'drain' },
  end: { answer: DRAINED, there: 'kill' },
  changeBackend: { args: ['a', 'b', { state: 'maint' }], answer: {}, there: 'changeBackend' },
  changeListener: { args: ['a', { state: 'up' }] },
  failback: { args: ['a'] },
  bans: { args: [{}] },
  ban: { args: [{ client: '192.0.2.1', forMs: 1, end: true }], answer: { killed: 2 }, there: 'ban' },
  unban: { args: [{}] },
  hold: { args: [{ cluster: 'a', maxMs: 1 }], answer: { cluster: 'a', connections: 2 }, there: 'hold' },
  release: { args: ['a'], answer: { cluster: 'a', waited: 2 }, there: 'release' },
  setLogLevel: { args: ['info'], answer: { level: 'info' }, there: 'setLogLevel' },
  reopenLogs: { there: 'reopenLogs' },
  reload: {},
  change: {},
  difference: {},
  upgrade: {},
}

/** `own`, `old`: what each process answers. A function decides by itself. */
function both(own: Partial<Control>, old: Partial<Control> = {}) {
  const asked = { own: [] as string[], old: [] as string[] }
  const gone = new Stage<void>()
  const process = (side: 'own' | 'old', instead: Partial<Control>): Control =>
    forwarding(async (method, args) => {
      asked[side].push(method)
      const act = instead[method] as ((...args: readonly unknown[]) => unknown) | undefined
      return act === undefined ? METHODS[method].answer : await act(...args)
    })
  const end = vi.fn()
  const elder = { pid: 7, control: process('old', old), isThere: true, gone, end }
  const here = process('own', own)
  const control = { ...here, ...reachingBoth(here, elder, () => 1) }
  return { control, asked, elder, gone }
}

const call = (control: Control, method: keyof Control): Promise<unknown> =>
  (control[method] as (...args: readonly unknown[]) => Promise<unknown>)(...(METHODS[method].args ?? []))

const never = (): Promise<never> => new Promise(() => {})

describe('while the process before an upgrade has connections', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  for (const method of CONTROL_METHODS) {
    const { there } = METHODS[method]
    it(`the order ${method} ${there === undefined ? 'does not reach the old process' : `tells the old process to ${there}`}`, async () => {
      const { control, asked, elder } = both({})
      await call(control, method)
      expect([asked.own.slice(0, 1), asked.old]).toEqual([[method], there === undefined ? [] : [there]])
      elder.isThere = false
      asked.own.length = 0
      await call(control, method)
      expect([asked.own.length, asked.old.length]).toEqual([1, there === undefined ? 0 : 1])
    })
  }

  it('connections of both are in one list, and those of the old process have its id', async () => {
    const { control } = both(
      { connections: async () => ({ matched: 5, connections: [connection('a', 10)] }) },
      {
        connections: async () => ({
          matched: 2,
          connections: [connection('b', 20), { ...connection('c', 5), predecessor: 6 }],
        }),
      },
    )
    const list = await control.connections({ sort: 'age', limit: 10 })
    expect(list.matched).toBe(7)
    expect(list.connections.map(({ id, predecessor }) => [id, predecessor])).toEqual([
      ['b', 7],
      ['a', undefined],
      ['c', 6],
    ])
  })

  it('answers of another version are left out if they cannot be read', async () => {
    const wrong = (value: unknown) => async () => value as never
    const { control } = both(
      { connections: async () => ({ matched: 1, connections: [connection('a', 10)] }) },
      {
        connections: wrong({ matched: 3, connections: [{ id: 'x' }, 'nonsense', null] }),
        kill: wrong('many'),
        hold: wrong(undefined),
      },
    )
    expect((await control.connections({})).connections.map(({ id }) => id)).toEqual(['a'])
    expect(await control.kill({})).toEqual({ killed: 2 })
    expect(await control.hold({ cluster: 'a', maxMs: 1 })).toEqual({ cluster: 'a', connections: 2 })
  })

  it('what both have ended or held is added up', async () => {
    const { control } = both({})
    expect(await control.kill({})).toEqual({ killed: 4 })
    expect(await control.ban({ client: '192.0.2.1', forMs: 1, end: true })).toEqual({ killed: 4 })
    expect(await control.drain({ cluster: 'a', deadlineMs: 5 })).toEqual({ finished: 2, closed: 4, cut: 6 })
    expect(await control.release('a')).toEqual({ cluster: 'a', waited: 4 })
  })

  it('a ban that ends connections turns new clients away before the old process answers', async () => {
    const withoutEnd = { client: '192.0.2.1', forMs: 1 }
    const order = { ...withoutEnd, end: true as const }
    const steps: unknown[] = []
    const tell = (step: string) => async (given: unknown) => {
      steps.push([step, given])
      return { network: '192.0.2.1', killed: 1 } as never
    }
    const { control } = both({ ban: tell('own ban'), kill: tell('own kill') }, { ban: tell('old ban') })
    expect(await control.ban(order)).toEqual({ network: '192.0.2.1', killed: 2 })
    expect(steps).toEqual([
      ['own ban', withoutEnd],
      ['old ban', order],
      ['own kill', { client: '192.0.2.1' }],
    ])
  })

  for (const method of ['kill', 'ban'] as const)
    it(`the order ${method} misses no connection that moves while the old process carries it out`, async () => {
      let isHere = false
      const { control } = both(
        { kill: async () => ({ killed: isHere ? 1 : 0 }) },
        {
          [method]: async () => {
            isHere = true
            return { killed: 0 }
          },
        },
      )
      expect(await call(control, method)).toEqual({ killed: 1 })
    })

  it('a connection that only the old process has is limited there, and one that nobody has is unknown', async () => {
    const unknown = async () => {
      throw unknownName('connection', 'id')
    }
    const there = both({ limit: unknown })
    expect(await there.control.limit('id', { up: 0 })).toEqual({ id: 'id' })
    expect(there.asked.old).toEqual(['limit'])
    await expect(both({ limit: unknown }, { limit: unknown }).control.limit('id', { up: 0 })).rejects.toThrow(
      '"id"',
    )
  })

  it('a listener that only the old process has can be drained', async () => {
    const unknown = async () => {
      throw unknownName('listener', 'old')
    }
    expect(await both({ drain: unknown }).control.drain({ listener: 'old' })).toEqual(DRAINED)
    await expect(
      both({ drain: unknown }, { drain: unknown }).control.drain({ listener: 'x' }),
    ).rejects.toThrow('"old"')
  })

  it('an old process that does not answer is left out of lists, and orders say that it is silent', async () => {
    vi.useFakeTimers()
    const { control, asked } = both({}, { connections: never, kill: never })
    const list = control.connections({})
    const killed = expect(control.kill({})).rejects.toMatchObject({ code: 'worker-silent' })
    await vi.advanceTimersByTimeAsync(5000)
    expect(await list).toEqual({ matched: 0, connections: [] })
    await killed
    expect(asked.own).toContain('kill')
  })

  it('a drain of everything ends connections of the old process at its deadline', async () => {
    vi.useFakeTimers()
    const { control, asked } = both({})
    const drained = control.drain({ deadlineMs: 3000 })
    await vi.advanceTimersByTimeAsync(2999)
    expect(asked.old).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(await drained).toEqual({ ...DRAINED, cut: 5 })
    const { control: other, gone, elder, asked: later } = both({})
    const ended = other.end()
    elder.isThere = false
    gone.reach()
    expect(await ended).toEqual(DRAINED)
    expect(later.old).toEqual([])
  })

  it('an old process that is stuck is killed 5 s after the deadline of a drain of everything', async () => {
    vi.useFakeTimers()
    const { control, elder } = both({}, { kill: never })
    const drained = control.drain({ deadlineMs: 3000 })
    await vi.advanceTimersByTimeAsync(3000 + 5000)
    expect(await drained).toEqual(DRAINED)
    expect(elder.end).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(5000)
    expect(elder.end).toHaveBeenCalledOnce()
  })

  it('an old process that has ended by the deadline of a drain of everything is not killed', async () => {
    vi.useFakeTimers()
    const { control, elder, gone } = both({})
    const drained = control.drain({ deadlineMs: 3000 })
    await vi.advanceTimersByTimeAsync(3000)
    await drained
    elder.isThere = false
    gone.reach()
    await vi.advanceTimersByTimeAsync(5000)
    expect(elder.end).not.toHaveBeenCalled()
  })

  it('a drain of a part ends 5 s after its deadline if the old process does not answer', async () => {
    vi.useFakeTimers()
    const { control } = both({}, { drain: never })
    const drained = expect(control.drain({ cluster: 'a', deadlineMs: 3000 })).rejects.toMatchObject({
      code: 'worker-silent',
    })
    await vi.advanceTimersByTimeAsync(3000 + 5000)
    await drained
  })
})
