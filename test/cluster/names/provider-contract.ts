/**
 * What every provider of names has to do. Each provider runs these tests: the one that asks DNS, the one that another process
 * tells, and every one that is added.
 */
import { beforeEach, expect, test } from 'vitest'
import type { Meaning, Name, NamesProvider, Reading } from '../../../src/cluster/names/provider.js'

/** A provider, and what a test can do to the service behind it. */
export interface ProviderRig {
  readonly provider: NamesProvider
  /** The name means these addresses, and the provider learns it. */
  means(name: Name, ips: readonly string[]): void
  /** The provider learns that nobody can say what the name means. */
  fails(name: Name): void
  /** The provider learns that the name means nothing, so often that it believes it. */
  meansNothing(name: Name): void
  /** The provider gets the answer to a question that was asked once. */
  answersOnce(name: Name, ips: readonly string[]): void
  /** Whether the provider would learn that this name means something else. */
  isWatched(name: Name): boolean
}

const DB: Name = { kind: 'host', name: 'db.example' }
const WEB: Name = { kind: 'host', name: 'web.example' }

export function providerContract(what: string, createRig: () => ProviderRig): void {
  let rig: ProviderRig
  let told: [string, readonly string[] | undefined][]
  const watch = (name: Name, as = name.name) =>
    rig.provider.watch(name, (meaning) => told.push([as, ipsOf(meaning)]))

  beforeEach(() => {
    rig = createRig()
    told = []
  })

  test(`${what}: a name that was never answered has no places, and its answer is awaited`, () => {
    const watching = watch(DB)
    expect(watching.meaning).toEqual({ places: undefined, isAsking: true, error: undefined })
    expect(told).toEqual([])
  })

  test(`${what}: a watcher is told the places of a name, and each change of them`, () => {
    const watching = watch(DB)
    rig.means(DB, ['10.0.0.1'])
    rig.means(DB, ['10.0.0.1', '10.0.0.2'])
    expect(told).toEqual([
      ['db.example', ['10.0.0.1']],
      ['db.example', ['10.0.0.1', '10.0.0.2']],
    ])
    expect(ipsOf(watching.meaning)).toEqual(['10.0.0.1', '10.0.0.2'])
    expect(watching.meaning.places?.[0]).toMatchObject({ host: 'db.example' })
  })

  test(`${what}: an answer with the same places in another order changes nothing`, () => {
    watch(DB)
    rig.means(DB, ['10.0.0.1', '10.0.0.2'])
    rig.means(DB, ['10.0.0.2', '10.0.0.1'])
    expect(told.length).toBe(1)
  })

  test(`${what}: a failure leaves the places as they are`, () => {
    const watching = watch(DB)
    rig.means(DB, ['10.0.0.1'])
    rig.fails(DB)
    expect(ipsOf(watching.meaning)).toEqual(['10.0.0.1'])
    expect(told.length).toBe(1)
  })

  test(`${what}: a watcher is told that the first question failed, and the next answer`, () => {
    const watching = watch(DB)
    rig.fails(DB)
    expect(told).toEqual([['db.example', undefined]])
    expect(watching.meaning.error).toMatch(/^[A-Z]/)
    rig.means(DB, ['10.0.0.1'])
    expect(told.at(-1)).toEqual(['db.example', ['10.0.0.1']])
    expect(watching.meaning.error).toBeUndefined()
  })

  test(`${what}: a name that means nothing any more has an empty list of places`, () => {
    const watching = watch(DB)
    rig.means(DB, ['10.0.0.1'])
    rig.meansNothing(DB)
    expect(watching.meaning.places).toEqual([])
    expect(told.at(-1)).toEqual(['db.example', []])
  })

  test(`${what}: several watchers of a name are all told, and a later one sees what is known`, () => {
    watch(DB, 'first')
    watch({ ...DB, name: 'DB.example' }, 'second')
    rig.means(DB, ['10.0.0.1'])
    expect(told.map(([as]) => as)).toEqual(['first', 'second'])
    expect(ipsOf(watch(DB).meaning)).toEqual(['10.0.0.1'])
  })

  test(`${what}: a watcher that has stopped is told nothing, and the others are`, () => {
    const watching = watch(DB, 'first')
    watch(DB, 'second')
    watching.stop()
    watching.stop()
    rig.means(DB, ['10.0.0.1'])
    expect(told.map(([as]) => as)).toEqual(['second'])
  })

  test(`${what}: a name that nobody watches any more is in no status and costs nothing`, () => {
    const [first, second] = [watch(DB), watch(DB)]
    watch(WEB)
    first.stop()
    expect(rig.isWatched(DB)).toBe(true)
    second.stop()
    expect(rig.isWatched(DB)).toBe(false)
    expect(rig.provider.status().map(({ name }) => name)).toEqual(['web.example'])
  })

  test(`${what}: the status has the places of each name and why the last question failed`, () => {
    watch(DB)
    watch(WEB)
    rig.means(DB, ['10.0.0.1', '::1'])
    rig.fails(WEB)
    const status = rig.provider.status()
    expect(status.map(({ kind, name, places }) => ({ kind, name, places }))).toEqual([
      { ...DB, places: ['10.0.0.1', '::1'] },
      { ...WEB, places: [] },
    ])
    expect(status.map(({ error }) => error === undefined)).toEqual([true, false])
  })

  test(`${what}: a question that is asked once is answered once, and watches nothing`, () => {
    const readings: Reading[] = []
    rig.provider.read(DB, (reading) => readings.push(reading))
    const cancelled = rig.provider.read(WEB, (reading) => readings.push(reading))
    expect(readings).toEqual([])
    cancelled.cancel()
    rig.answersOnce(DB, ['10.0.0.1'])
    expect(readings).toMatchObject([{ kind: 'places', places: [{ ip: '10.0.0.1', host: 'db.example' }] }])
    expect(rig.provider.status()).toEqual([])
  })
}

const ipsOf = ({ places }: Meaning): string[] | undefined => places?.map(({ ip }) => ip)
