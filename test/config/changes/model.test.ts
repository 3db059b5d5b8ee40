/**
 * Any order of changes, reloads and refusals: the running config is always what the present file and the kept changes make, each
 * change that holds has its effect, and none is lost or doubled.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Change, keyOf } from '../../../src/config/changes/change.js'
import { ChangingConfig } from '../../../src/config/changes/changing-config.js'
import { type Base, combine } from '../../../src/config/changes/combine.js'
import type { Config } from '../../../src/config/schema.js'
import { validateConfig } from '../../../src/config/validate.js'
import { MillraceError } from '../../../src/errors.js'

const CLUSTERS = ['blue', 'green', 'gray']
const LISTENERS = ['front', 'side']
const backend = (port: number, weight: number) => ({ address: `10.0.0.1:${port}`, weight })
const port = fc.integer({ min: 1, max: 3 })
const weight = fc.integer({ min: 1, max: 2 })
const cluster = fc.constantFrom(...CLUSTERS)
const listener = fc.constantFrom('main', ...LISTENERS)
const backends = fc.uniqueArray(fc.record({ port, weight }), {
  minLength: 1,
  maxLength: 3,
  selector: (each) => each.port,
})
const source = fc.constantFrom('10.0.0.0/8', '192.168.0.0/16')
const clusterSpec = backends.map((all) => ({ backends: all.map((each) => backend(each.port, each.weight)) }))

const file = fc
  .record({
    clusters: fc.dictionary(cluster, clusterSpec, { noNullPrototype: true }),
    listeners: fc.uniqueArray(fc.constantFrom(...LISTENERS)),
    routes: fc.uniqueArray(fc.tuple(source, cluster), { selector: ([each]) => each }),
  })
  .map(({ clusters, listeners, routes }) => ({
    listeners: [
      {
        name: 'main',
        address: '127.0.0.1:1',
        cluster: 'base',
        routes: [
          { source: '127.0.0.1', cluster: 'base' },
          ...routes.flatMap(([from, to]) => (to in clusters ? { source: from, cluster: to } : [])),
        ],
      },
      ...listeners.map(listenerSpec),
    ],
    clusters: { base: { backends: ['10.0.0.1:1'] }, ...clusters },
  }))

function listenerSpec(name: string) {
  return { name, address: `127.0.0.1:${2 + LISTENERS.indexOf(name)}`, cluster: 'base' }
}

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    do: fc.constant('add-backend' as const),
    cluster,
    spec: fc.tuple(port, weight).map((each) => backend(...each)),
  }),
  fc.record({
    do: fc.constant('remove-backend' as const),
    cluster,
    backend: port.map((each) => `10.0.0.1:${each}`),
  }),
  fc.record({ do: fc.constant('add-cluster' as const), cluster, spec: clusterSpec }),
  fc.record({ do: fc.constant('remove-cluster' as const), cluster }),
  fc.record({
    do: fc.constant('add-listener' as const),
    spec: fc.constantFrom(...LISTENERS).map(listenerSpec),
  }),
  fc.record({ do: fc.constant('remove-listener' as const), listener }),
  fc.record({
    do: fc.constant('add-route' as const),
    listener,
    spec: fc.tuple(source, cluster).map(([from, to]) => ({ source: from, cluster: to })),
  }),
  fc.record({
    do: fc.constant('remove-route' as const),
    listener,
    spec: source.map((from) => ({ source: from })),
  }),
)

type Step = { readonly changes: readonly Change[] } | { readonly file: object } | 'write'
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ changes: fc.array(change, { minLength: 1, maxLength: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ file }) },
  { weight: 1, arbitrary: fc.constant('write' as const) },
)

/** Whether the config has what the change adds, or does not have what it removes. */
function holds(change: Change, config: Config): boolean {
  switch (change.do) {
    case 'add-backend': {
      const { address, weight } = change.spec as ReturnType<typeof backend>
      return backendsOf(config, change.cluster).some((each) => each === `${address} ${weight}`)
    }
    case 'remove-backend':
      return !backendsOf(config, change.cluster).some((each) => each.startsWith(`${change.backend} `))
    case 'add-cluster':
      return config.clusters[change.cluster] !== undefined
    case 'remove-cluster':
      return config.clusters[change.cluster] === undefined
    case 'add-listener':
      return listenerIn(config, (change.spec as { name: string }).name) !== undefined
    case 'remove-listener':
      return listenerIn(config, change.listener) === undefined
    default: {
      const { source, cluster } = change.spec as { source: string; cluster?: string }
      const routes = listenerIn(config, change.listener)?.routes ?? []
      const found = routes.find((route) => route.source?.includes(source))
      return change.do === 'add-route' ? found?.cluster === cluster : found === undefined
    }
  }
}

const listenerIn = (config: Config, name: string) => config.listeners.find((each) => each.name === name)

const backendsOf = (config: Config, name: string): string[] =>
  (config.clusters[name]?.backends ?? []).map(
    ({ address, weight }) => `10.0.0.1:${address.kind === 'tcp' ? address.port : ''} ${weight}`,
  )

/** Without the order of backends and listeners, which a change may move to the end. */
function contentOf(config: Config): unknown {
  const sorted = (each: object) =>
    JSON.stringify(each, (_, value) => (Array.isArray(value) ? [...value].sort(byText) : value))
  return [config.listeners.map(sorted).sort(), Object.entries(config.clusters).map(sorted).sort()]
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

const baseOf = (input: unknown): Base => ({ input, config: validateConfig(input) })

class Machine {
  base: Base
  readonly config: ChangingConfig

  constructor(first: object) {
    this.base = baseOf(first)
    this.config = new ChangingConfig(this.base, { read: () => this.base, finish: (config) => config })
  }

  run(step: Step): void {
    if (step === 'write') this.#write()
    else if ('file' in step) {
      this.base = baseOf(step.file)
      this.config.load().taken!()
    } else this.#order(step.changes)
    this.#check()
  }

  /** An operator writes the running config into the file, and reloads. */
  #write(): void {
    const before = contentOf(this.config.config)
    this.base = baseOf(this.config.input)
    this.config.load().taken!()
    expect(contentOf(this.config.config)).toEqual(before)
    expect(this.config.known.filter(({ aside }) => aside === undefined)).toEqual([])
  }

  #order(changes: readonly Change[]): void {
    const before = { config: this.config.config, list: this.config.list }
    try {
      this.config.change(changes).taken!()
      const last = new Map(changes.map((each) => [keyOf(each), each]))
      for (const each of last.values()) {
        const isUndone = changes.some(
          (other) => other.do === 'remove-cluster' || other.do === 'remove-listener',
        )
        if (!isUndone) expect(holds(each, this.config.config)).toBe(true)
      }
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error
      expect({ config: this.config.config, list: this.config.list }).toEqual(before)
    }
  }

  #check(): void {
    const { list, known, config } = this.config
    expect(config).toEqual(combine(this.base, list).config)
    expect(new Set(list.map(keyOf)).size).toBe(list.length)
    for (const { change, aside } of known) if (aside === undefined) expect(holds(change, config)).toBe(true)
    if (list.length === 0) expect(config).toEqual(this.base.config)
  }
}

it('any order of changes and reloads ends in the config of the file and the kept changes', () => {
  fc.assert(
    fc.property(file, fc.array(step, { minLength: 1, maxLength: 12 }), (first, steps) => {
      const machine = new Machine(first)
      for (const each of steps) machine.run(each)
    }),
    { numRuns: 60 },
  )
})
