import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/config/changes/change.js'
import { keptChanges } from '../../../src/config/changes/change-schema.js'
import { ChangingConfig } from '../../../src/config/changes/changing-config.js'
import { validateConfig } from '../../../src/config/validate.js'

const FILE = {
  listeners: [{ name: 'web', address: '127.0.0.1:80', cluster: 'app' }],
  clusters: { app: { backends: ['10.0.0.1:80'] } },
}
const BACKEND: Change = { do: 'add-backend', cluster: 'app', spec: { address: '10.0.0.2:80', weight: 2 } }

/** A config whose file is what `file` has at the moment. */
function changing(first: object = FILE) {
  let file: object = first
  const read = () => ({ input: file, config: validateConfig(file) })
  const config = new ChangingConfig(read(), { read, finish: (each) => each })
  return {
    config,
    order: (...changes: Change[]) => {
      const candidate = config.change(changes)
      candidate.taken!()
      return candidate
    },
    reload: (next: object) => {
      file = next
      const candidate = config.load()
      candidate.taken!()
      return candidate
    },
    backends: (cluster = 'app') => validateConfig(config.input).clusters[cluster]?.backends.length,
  }
}

const withBackends = (...backends: unknown[]): object => ({ ...FILE, clusters: { app: { backends } } })

describe('an order to change the config', () => {
  it('a change that is not taken up changes nothing', () => {
    const { config } = changing()
    const before = config.config
    expect(config.change([BACKEND]).config.clusters.app!.backends).toHaveLength(2)
    expect(config.config).toBe(before)
    expect(config.list).toEqual([])
  })

  it('a change of what is there with the same values changes nothing and is no error', () => {
    const { order, config } = changing()
    const same: Change = { do: 'add-backend', cluster: 'app', spec: { address: '10.0.0.1:80' } }
    expect(order(same)).toMatchObject({ done: [], unchanged: ['add backend app/10.0.0.1:80'] })
    expect(config.list).toEqual([])
  })

  it('a change of what is there with other values is refused', () => {
    const { order } = changing()
    const other: Change = { do: 'add-backend', cluster: 'app', spec: { address: '10.0.0.1:80', weight: 9 } }
    expect(() => order(other)).toThrow('backend app/10.0.0.1:80 is there with other values: remove it first')
  })

  it.each<[Change, string]>([
    [
      { do: 'add-backend', cluster: 'ap', spec: '10.0.0.9:80' },
      'there is no cluster "ap"; did you mean "app"?',
    ],
    [
      { do: 'remove-backend', cluster: 'app', backend: '10.0.0.9:80' },
      'there is no backend "10.0.0.9:80": it has 10.0.0.1:80',
    ],
    [{ do: 'remove-cluster', cluster: 'b' }, 'there is no cluster "b"'],
    [{ do: 'remove-listener', listener: 'wob' }, 'there is no listener "wob"; did you mean "web"?'],
    [{ do: 'add-route', listener: 'x', spec: { sni: 'a', cluster: 'app' } }, 'there is no listener "x"'],
    [{ do: 'remove-route', listener: 'web', spec: { sni: 'a' } }, 'there is no route "sni=a"'],
  ])('%j is refused: %s', (change, message) => {
    const { order, config } = changing()
    expect(() => order(change)).toThrow(message)
    expect(config.list).toEqual([])
  })

  it('the problems of a bad change name the change and the place in the config', () => {
    const { order } = changing()
    const bad: Change = { do: 'add-backend', cluster: 'app', spec: { address: '10.0.0.9:80', weigt: 1 } }
    expect(() => order(bad)).toThrow(
      'add backend app/10.0.0.9:80 clusters.app.backends[1].weigt: unknown key',
    )
    expect(() => order({ do: 'remove-cluster', cluster: 'app' })).toThrow(
      'remove cluster app clusters: expected a map of clusters',
    )
  })

  it('several changes are made together, or none of them', () => {
    const { order, config, backends } = changing()
    const cluster: Change = { do: 'add-cluster', cluster: 'green', spec: { backends: ['10.0.1.1:80'] } }
    const route: Change = {
      do: 'add-route',
      listener: 'web',
      spec: { source: '10.0.0.0/8', cluster: 'green' },
      at: 0,
    }
    expect(() => order(route)).toThrow('there is no cluster "green"')
    expect(() => order(cluster, { ...route, listener: 'no' })).toThrow('there is no listener "no"')
    expect(backends('green')).toBeUndefined()
    order(cluster, route)
    expect(config.config.listeners[0]!.routes).toMatchObject([{ cluster: 'green' }])
  })

  it('a removal takes back an addition, and an addition takes back a removal', () => {
    const { order, config } = changing(withBackends('10.0.0.1:80', '10.0.0.2:80'))
    order({ do: 'remove-backend', cluster: 'app', backend: '10.0.0.2:80' })
    order({ do: 'add-backend', cluster: 'app', spec: '10.0.0.2:80' })
    expect(config.list).toEqual([])
    order({ do: 'add-backend', cluster: 'app', spec: '10.0.0.3:80' })
    order({ do: 'remove-backend', cluster: 'app', backend: '10.0.0.3:80' })
    expect(config.list).toEqual([])
  })
})

describe('an addition', () => {
  it('a listener that is added ends earlier changes inside it that had no effect', () => {
    const route = { source: '10.0.0.0/8', cluster: 'app' }
    const side = { name: 'side', address: '127.0.0.1:81', cluster: 'app' }
    const file = { ...FILE, listeners: [...FILE.listeners, side] }
    const { order, reload, config } = changing(file)
    order({ do: 'add-route', listener: 'side', spec: route })
    expect(reload(FILE).fate!.aside).toHaveLength(1)
    order({ do: 'add-listener', spec: side })
    reload(file)
    expect(config.list).toEqual([])
    expect(config.config.listeners[1]!.routes).toEqual([])
  })
})

describe('a spec with one value in place of a list', () => {
  const GREEN: Change = { do: 'add-cluster', cluster: 'green', spec: { backends: '10.0.1.1:80' } }
  const MORE: Change = { do: 'add-backend', cluster: 'green', spec: '10.0.1.2:80' }

  it('later changes in the same order and in another one keep the value', () => {
    const { order, backends } = changing()
    order(GREEN, MORE)
    expect(backends('green')).toBe(2)
    order({ ...MORE, spec: '10.0.1.3:80' })
    expect(backends('green')).toBe(3)
  })

  it('a later route of an added listener comes beside its only route', () => {
    const { order, config } = changing()
    const route = { source: '10.0.0.0/8', cluster: 'app' }
    const spec = { name: 'side', address: '127.0.0.1:81', cluster: 'app', routes: route }
    order({ do: 'add-listener', spec })
    order({ do: 'add-route', listener: 'side', spec: { source: '192.168.0.0/16', cluster: 'app' } })
    expect(config.config.listeners[1]!.routes).toHaveLength(2)
  })

  it('changes of an earlier process keep the value', () => {
    const base = { input: FILE, config: validateConfig(FILE) }
    const next = new ChangingConfig(
      base,
      { read: () => base, finish: (each) => each },
      { changes: [GREEN, MORE] },
    )
    expect(next.config.clusters.green!.backends).toHaveLength(2)
  })

  it('it is the same as a list with this value', () => {
    const { order } = changing()
    order(GREEN)
    const same: Change = { ...GREEN, spec: { backends: ['10.0.1.1:80'] } }
    expect(order(same).unchanged).toEqual(['add cluster green'])
  })
})

describe('a removal', () => {
  it('a removal of a route removes all equal ones, also after a reload', () => {
    const route = { source: '10.0.0.0/8', cluster: 'app' }
    const file = { ...FILE, listeners: [{ ...FILE.listeners[0], routes: [route, route] }] }
    const { order, reload, config } = changing(file)
    const removal: Change = { do: 'remove-route', listener: 'web', spec: { source: '10.0.0.0/8' } }
    order(removal)
    expect(() => order(removal)).toThrow('there is no route "source=10.0.0.0/8"')
    expect(reload(file).fate!.kept).toEqual(['remove route web/source=10.0.0.0/8'])
    expect(config.config.listeners[0]!.routes).toEqual([])
  })

  it('a removal that is set aside is refused when it is ordered again', () => {
    const { order, reload, config } = changing(withBackends('10.0.0.1:80', '10.0.0.2:80'))
    const removal: Change = { do: 'remove-backend', cluster: 'app', backend: '10.0.0.2:80' }
    order(removal)
    reload(withBackends('10.0.0.2:80'))
    expect(() => order({ ...removal })).toThrow('remove backend app/10.0.0.2:80 clusters.app')
    expect(config.list).toEqual([removal])
  })
})

describe('a reload', () => {
  it('a reload keeps a change that the file does not have', () => {
    const { order, reload, backends } = changing()
    order(BACKEND)
    expect(reload(FILE).fate).toEqual({ kept: ['add backend app/10.0.0.2:80'], ended: [], aside: [] })
    expect(backends()).toBe(2)
  })

  it('a change that the file has by now ends', () => {
    const { order, reload, config } = changing()
    order(BACKEND)
    const { fate } = reload(withBackends('10.0.0.1:80', { weight: 2, address: '10.0.0.2:80' }))
    expect(fate).toEqual({ kept: [], ended: ['add backend app/10.0.0.2:80'], aside: [] })
    expect(config.list).toEqual([])
  })

  it('if the file has other values than the change, those of the file hold', () => {
    const { order, reload, config } = changing()
    order(BACKEND)
    const { fate } = reload(withBackends('10.0.0.1:80', '10.0.0.2:80'))
    expect(fate!.ended).toEqual(['add backend app/10.0.0.2:80 (the file has other values, which hold)'])
    expect(config.config.clusters.app!.backends[1]!.weight).toBe(1)
  })

  it('a change whose cluster is gone is set aside, comes back with the cluster, and ends when it is removed', () => {
    const { order, reload, config, backends } = changing()
    order(BACKEND)
    const other = {
      listeners: [{ ...FILE.listeners[0], cluster: 'b' }],
      clusters: { b: { backends: ['10.0.0.7:80'] } },
    }
    expect(reload(other).fate).toEqual({
      kept: [],
      ended: [],
      aside: ['add backend app/10.0.0.2:80: there is no cluster "app"'],
    })
    reload(FILE)
    expect(backends()).toBe(2)
    reload(other)
    order({ do: 'remove-backend', cluster: 'app', backend: '10.0.0.2:80' })
    expect(config.list).toEqual([])
  })

  it('of two changes, only the one that does not fit the new file is set aside', () => {
    const { order, reload } = changing()
    const side: Change = {
      do: 'add-listener',
      spec: { name: 'side', address: '127.0.0.1:81', cluster: 'app' },
    }
    order(BACKEND, side)
    const taken = { name: 'other', address: '127.0.0.1:81', cluster: 'app' }
    expect(reload({ ...FILE, listeners: [...FILE.listeners, taken] }).fate).toEqual({
      kept: ['add backend app/10.0.0.2:80'],
      ended: [],
      aside: [
        expect.stringMatching(/^add listener side: listeners\[2\].address: 127.0.0.1:81 is already used/),
      ],
    })
  })

  it('a removal that would leave a bad config is set aside', () => {
    const { order, reload, backends } = changing(withBackends('10.0.0.1:80', '10.0.0.2:80'))
    order({ do: 'remove-backend', cluster: 'app', backend: '10.0.0.2:80' })
    const { fate } = reload(withBackends('10.0.0.2:80'))
    expect(fate!.aside).toEqual([expect.stringContaining('remove backend app/10.0.0.2:80: clusters.app')])
    expect(backends()).toBe(1)
  })

  it('a bad file is refused with its own problems, whatever changes there are', () => {
    const { order, reload, config } = changing()
    order(BACKEND)
    expect(() => reload({ ...FILE, nonsense: 1 })).toThrow('nonsense: unknown key')
    expect(config.list).toEqual([BACKEND])
  })

  it('another process goes on with the same changes', () => {
    const { order, config } = changing()
    order(BACKEND, { do: 'add-cluster', cluster: 'b', spec: { backends: ['10.0.0.8:80'] } })
    const told = keptChanges.parse(JSON.parse(JSON.stringify(config.list)))
    const base = { input: FILE, config: validateConfig(FILE) }
    const next = new ChangingConfig(base, { read: () => base, finish: (each) => each }, { changes: told })
    expect(next.config).toEqual(config.config)
  })
})
