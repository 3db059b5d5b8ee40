/** What `faultyProxy` refuses before it opens a socket. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { MillraceError } from '../../src/errors.js'
import { readFaultList, readFaultyProxyOptions } from '../../src/faults/fault-arguments.js'
import {
  type Fault,
  type FaultKind,
  type Faults,
  type FaultyConnection,
  type FaultyProxy,
  type FaultyProxyOptions,
  faultyProxy,
} from '../../src/faults/faults.js'

const to = '127.0.0.1:5432'

function refusal(options: unknown): string {
  try {
    readFaultyProxyOptions(options)
  } catch (error) {
    expect(error).toBeInstanceOf(MillraceError)
    expect(error).toMatchObject({ code: 'bad-argument' })
    return (error as Error).message
  }
  return expect.unreachable('faultyProxy took these options')
}

const refusedFault = (fault: unknown): string => refusal({ to, faults: [fault] })

describe('the options of faultyProxy', () => {
  it.each<[string, unknown, string]>([
    ['no options', undefined, 'faultyProxy: options.to: is missing: expected an address'],
    ['no target', {}, 'options.to: is missing'],
    ['a port alone', { to: '5432' }, 'options.to: a host is missing in "5432": write 127.0.0.1:5432'],
    ['port 0 as target', { to: '127.0.0.1:0' }, 'options.to: has port 0'],
    ['an option of other tools', { to, toxics: [] }, 'options.toxics: is no option: did you mean "faults"?'],
    ['a misspelt option', { to, sead: 7 }, 'options.sead: is no option: did you mean "seed"?'],
    ['faults and seed', { to, seed: 7, faults: [] }, 'options.seed: chooses the faults: leave out either'],
    ['a seed that is too large', { to, seed: 2 ** 32 }, 'options.seed: expected a whole number from 0 to'],
    ['kinds without seed', { to, kinds: ['delay'] }, 'options.kinds: is for random faults: add seed'],
    ['an unknown kind', { to, seed: 7, kinds: ['rest'] }, 'options.kinds[0]: expected one of "delay"'],
    [
      'one fault alone',
      { to, faults: { do: 'reset' } },
      'options.faults: expected a list of faults, found an object',
    ],
    ['101 faults', { to, faults: Array(101).fill({ do: 'reset' }) }, 'has 101 entries: write at most 100'],
  ])('%s is refused', (_, options, message) => {
    expect(refusal(options)).toContain(message)
  })

  it('faultyProxy rejects, and does not throw, if an option is wrong', async () => {
    await expect(faultyProxy({} as FaultyProxyOptions)).rejects.toMatchObject({ code: 'bad-argument' })
  })
})

describe('a fault', () => {
  it.each<[string, unknown, string]>([
    ['a text', 'reset', 'options.faults[0]: expected a fault such as { do: \'reset\' }, found "reset"'],
    ['an unknown kind', { do: 'rest' }, '[0].do: expected one of "delay"'],
    ['a kind that is misspelt', { do: 'rest' }, 'did you mean "reset"?'],
    ['a toxic of toxiproxy', { do: 'latency' }, 'did you mean "delay"?'],
    [
      'a delay without time',
      { do: 'delay' },
      '[0].ms: is missing: expected a whole number from 0 to 86400000',
    ],
    ['an option of another kind', { do: 'reset', ms: 5 }, '[0].ms: is no option: write one of do, after'],
    ['a text with a unit', { do: 'delay', ms: '5ms' }, '[0].ms: expected a whole number'],
    ['no bytes at all', { do: 'split', bytes: 0 }, '[0].bytes: expected a whole number from 1'],
    [
      'an unknown direction',
      { do: 'hang', direction: 'left' },
      '[0].direction: expected one of "up", "down"',
    ],
    ['a half-close without direction', { do: 'halfClose' }, '[0].direction: is missing'],
    [
      'bytes without direction',
      { do: 'reset', after: { bytes: 5 } },
      "[0].after: expected { bytes: 1000, direction: 'down' }",
    ],
    ['bytes and time', { do: 'reset', after: { bytes: 5, direction: 'up', ms: 5 } }, '[0].after: expected {'],
    ['a number as after', { do: 'reset', after: 5 }, '[0].after: expected an object with options, found 5'],
    ['an after of refuse', { do: 'refuse', after: { ms: 5 } }, '[0].after: is no option'],
  ])('%s is refused', (_, fault, message) => {
    expect(refusedFault(fault)).toContain(message)
  })

  it('a fault whose getter throws is refused with its error as the cause', () => {
    const cause = new Error('mine')
    const fault = {
      get do() {
        throw cause
      },
    }
    expect(() => readFaultList('set', 'faults', [fault])).toThrow(expect.objectContaining({ cause }))
  })

  it('a fault is copied, so a later change of the object changes nothing', () => {
    const fault = { do: 'delay', ms: 5 }
    const [read] = readFaultList('set', 'faults', [fault])
    fault.ms = 6
    expect(read).toEqual({ do: 'delay', ms: 5 })
  })
})

describe('the types', () => {
  it('each kind of fault takes its own options and no others', () => {
    expectTypeOf<{ do: 'delay'; ms: number }>().toExtend<Fault>()
    expectTypeOf<{ do: 'throttle'; bytesPerSecond: number; direction: 'both' }>().toExtend<Fault>()
    expectTypeOf<{ do: 'split'; bytes: number; gapMs: number }>().toExtend<Fault>()
    expectTypeOf<{ do: 'join'; bytes: number; ms: number; after: { ms: number } }>().toExtend<Fault>()
    expectTypeOf<{ do: 'hang'; reads: true }>().toExtend<Fault>()
    expectTypeOf<{ do: 'halfClose'; direction: 'up' }>().toExtend<Fault>()
    expectTypeOf<{ do: 'close'; after: { bytes: 5; direction: 'up' } }>().toExtend<Fault>()
    expectTypeOf<{ do: 'delay' }>().not.toExtend<Fault>()
    expectTypeOf<{ do: 'halfClose' }>().not.toExtend<Fault>()
    expectTypeOf<{ do: 'reset'; after: { bytes: 5 } }>().not.toExtend<Fault>()
    expectTypeOf<{ do: 'reset'; after: { bytes: 5; direction: 'up'; ms: 5 } }>().not.toExtend<Fault>()
  })

  it('options, functions and results have the types that the docs say', () => {
    expectTypeOf(faultyProxy).parameters.toEqualTypeOf<[FaultyProxyOptions]>()
    expectTypeOf(faultyProxy).returns.toEqualTypeOf<Promise<FaultyProxy>>()
    expectTypeOf<FaultyProxyOptions['to']>().toEqualTypeOf<string>()
    expectTypeOf<FaultyProxyOptions['listen']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<FaultyProxyOptions['faults']>().toEqualTypeOf<Faults | undefined>()
    expectTypeOf<FaultyProxyOptions['seed']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<FaultyProxyOptions['kinds']>().toEqualTypeOf<readonly FaultKind[] | undefined>()
    expectTypeOf<FaultyProxy['connections']>().toEqualTypeOf<readonly FaultyConnection[]>()
    expectTypeOf<(connection: FaultyConnection, index: number) => Fault[]>().toExtend<Faults>()
    expectTypeOf<FaultyProxy>().toExtend<AsyncDisposable>()
  })
})
