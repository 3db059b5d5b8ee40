/**
 * Who is banned, and until when, against a model that looks at everything. A second table follows what the keeper tells, as
 * the table of a worker does.
 */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Address } from '../../../src/address.js'
import { BanKeeper } from '../../../src/limits/bans/ban-keeper.js'
import { type Ban, BanTable, ORDERED } from '../../../src/limits/bans/ban-table.js'
import { contains, exactText, formatNetwork, sourceNetwork } from '../../../src/limits/bans/network.js'
import { hearBans, toldNetwork } from '../../../src/limits/bans/told-bans.js'
import type { BanPolicy } from '../../../src/limits/policy.js'
import type { Log } from '../../../src/observe/log/log.js'

const POLICY: BanPolicy = { after: 2, withinMs: 100, forMs: 50 }
const MOST = 4
const LISTENER = 'listener/web'
const NETWORKS = ['192.0.2.1/32', '192.0.2.0/24', '192.0.2.9/32', '2001:db8::/64', '2001:db8::1/128'].map(
  toldNetwork,
)
const CLIENTS = ['192.0.2.1', '192.0.2.9', '192.0.3.1', '2001:db8::1', '2001:db8::2', '2001:db9::1'].map(
  (host): Address => ({ kind: 'tcp', host, port: 1234 }),
)

interface Line {
  readonly facts: object
  readonly text: string
}

let lines: Line[]
let now: number
let keepers: BanKeeper[]

const log = {
  info: (facts: object, text: string) => void lines.push({ facts, text }),
} as unknown as Log

function createKeeper(most = MOST, policyOf: (scope: string) => BanPolicy | undefined = () => POLICY) {
  const follower = new BanTable()
  const keeper = new BanKeeper({
    log,
    policyOf,
    tell: (bans) => hearBans(follower, bans, now),
    now: () => now,
    most,
  })
  keepers.push(keeper)
  return { keeper, follower }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  lines = []
  now = 0
  keepers = []
})
afterEach(() => {
  for (const keeper of keepers) keeper.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

interface ModelBan {
  readonly scope: string
  readonly network: (typeof NETWORKS)[number]
  readonly until: number
}

/** All bans in a list, all refusals in another. */
class Model {
  bans: ModelBan[] = []
  refusals: { source: string; at: number }[] = []

  begin(scope: string, network: (typeof NETWORKS)[number], forMs: number): void {
    this.expire()
    const rest = this.bans.filter((ban) => !isSame(ban, { scope, network }))
    if (rest.length >= MOST) {
      const [goes] = rest.filter((ban) => ban.scope !== ORDERED).sort((a, b) => a.until - b.until)
      if (goes === undefined) return
      rest.splice(rest.indexOf(goes), 1)
    }
    this.bans = [...rest, { scope, network, until: now + forMs }]
  }

  refused(scope: string, network: (typeof NETWORKS)[number], times: number): void {
    this.expire()
    if (this.bans.some((ban) => isSame(ban, { scope, network }))) return
    const source = `${scope} ${exactText(network)}`
    for (let left = times; left > 0; left--) this.refusals.push({ source, at: now })
    const recent = this.refusals.filter((each) => each.source === source && now - each.at < POLICY.withinMs)
    if (recent.length < POLICY.after) return
    this.refusals = this.refusals.filter((each) => each.source !== source)
    this.begin(scope, network, POLICY.forMs)
  }

  holds(scope: string, client: Address, at = now): boolean {
    const whole = sourceNetwork(client, { prefix4: 32, prefix6: 128 })!
    return this.bans.some((ban) => ban.scope === scope && ban.until > at && contains(ban.network, whole))
  }

  expire(): void {
    this.bans = this.bans.filter(({ until }) => until > now)
  }
}

const isSame = (a: Pick<ModelBan, 'scope' | 'network'>, b: Pick<ModelBan, 'scope' | 'network'>): boolean =>
  a.scope === b.scope && exactText(a.network) === exactText(b.network)
const textOf = ({ scope, network, until }: ModelBan | Ban): string =>
  `${scope} ${exactText(network)} ${until}`

const network = fc.constantFrom(...NETWORKS)
const step = fc.oneof(
  fc.record({ kind: fc.constant('order' as const), network, forMs: fc.integer({ min: 1, max: 200 }) }),
  fc.record({
    kind: fc.constant('refused' as const),
    scope: fc.constantFrom('process', LISTENER),
    network,
    times: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({ kind: fc.constant('lift' as const), network }),
  fc.record({ kind: fc.constant('lift-all' as const) }),
  fc.record({ kind: fc.constant('listener-gone' as const) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(120) }),
)

describe('the keeper of bans', () => {
  it('knows who is banned and until when, and so does a worker that it tells', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        now = 0
        const { keeper, follower } = createKeeper()
        const model = new Model()
        steps.forEach((each, index) => {
          // No two bans end at the same time.
          now = Math.ceil(now) + (each.kind === 'pass' ? each.ms : 0) + index / 1000
          model.expire()
          if (each.kind === 'order') {
            keeper.order(each.network, each.forMs, '')
            model.begin(ORDERED, each.network, each.forMs)
          } else if (each.kind === 'refused') {
            keeper.refused(each.scope, each.network, each.times)
            model.refused(each.scope, each.network, each.times)
          } else if (each.kind === 'lift') {
            keeper.lift([each.network])
            model.bans = model.bans.filter((ban) => exactText(ban.network) !== exactText(each.network))
          } else if (each.kind === 'lift-all') {
            keeper.liftAll()
            model.bans = []
          } else if (each.kind === 'listener-gone') {
            keeper.keepOnly((scope) => scope !== LISTENER)
            model.bans = model.bans.filter(({ scope }) => scope !== LISTENER)
          }
          expect(keeper.present().map(textOf).sort()).toEqual(model.bans.map(textOf).sort())
          for (const scope of [ORDERED, 'process', LISTENER]) {
            for (const client of CLIENTS) {
              expect(keeper.table.find(scope, client, now) !== undefined).toBe(model.holds(scope, client))
              // A worker is told whole ms, and never ends a ban early.
              const isBanned = follower.find(scope, client, now) !== undefined
              if (model.holds(scope, client)) expect(isBanned).toBe(true)
              else if (!model.holds(scope, client, now - 1)) expect(isBanned).toBe(false)
            }
          }
        })
        keeper.stop()
      }),
    )
  })

  it('refuses the order of an operator if operators have ordered as many bans as there can be', () => {
    const { keeper } = createKeeper(2)
    keeper.refused('process', NETWORKS[0]!, 2)
    keeper.order(NETWORKS[1]!, 10, '')
    expect(keeper.order(NETWORKS[2]!, 10, '')).toBeDefined()
    expect(keeper.present().map(({ scope }) => scope)).toEqual([ORDERED, ORDERED])
    expect(keeper.order(NETWORKS[3]!, 10, '')).toBeUndefined()
    expect(keeper.order(NETWORKS[1]!, 20, 'longer')).toBeDefined()
  })

  it('tells a worker that comes later all bans that hold', () => {
    const { keeper } = createKeeper()
    keeper.order(NETWORKS[0]!, 100, '')
    keeper.order(NETWORKS[1]!, 10, '')
    now = 30
    const late = new BanTable()
    hearBans(late, keeper.told(), now)
    expect([...late.all()].map(textOf)).toEqual([`${ORDERED} 192.0.2.1/32 100`])
  })

  it('counts on when the same network is banned again', () => {
    const { keeper } = createKeeper()
    keeper.order(NETWORKS[0]!, 100, 'first')
    keeper.turnedAway(ORDERED, NETWORKS[0]!, 3)
    keeper.order(NETWORKS[0]!, 200, 'second')
    expect(keeper.present()).toMatchObject([{ why: 'second', refused: 3, until: 200 }])
  })

  it('bans nobody by itself where the config has no ban', () => {
    const { keeper } = createKeeper(MOST, () => undefined)
    keeper.refused('process', NETWORKS[0]!, 1000)
    expect(keeper.present()).toEqual([])
  })
})

describe('the log lines of bans', () => {
  it('tell the begin and, by one timer for all bans, the end', () => {
    const { keeper } = createKeeper()
    keeper.order(NETWORKS[0]!, 60_000, 'scans our ports')
    keeper.refused(LISTENER, NETWORKS[3]!, 2)
    keeper.turnedAway(LISTENER, NETWORKS[3]!, 7)
    now = 50
    vi.advanceTimersByTime(50)
    now = 60_000
    vi.advanceTimersByTime(60_000)
    expect(lines).toEqual([
      {
        facts: { network: '192.0.2.1', listener: undefined, forMs: 60_000, why: 'scans our ports' },
        text: 'an operator bans 192.0.2.1 for 1m 0s: scans our ports',
      },
      {
        facts: { network: '2001:db8::/64', listener: 'web', forMs: 50, why: '2 refusals within 100ms' },
        text: 'millrace bans 2001:db8::/64 for 50ms: 2 refusals within 100ms',
      },
      {
        facts: { network: '2001:db8::/64', listener: 'web', refused: 7 },
        text: 'the ban of 2001:db8::/64 is over',
      },
      {
        facts: { network: '192.0.2.1', listener: undefined, refused: 0 },
        text: 'the ban of 192.0.2.1 is over',
      },
    ])
  })

  it('are few under attack, and then say how many bans there were', () => {
    const { keeper } = createKeeper(1000)
    for (let i = 0; i < 100; i++) keeper.refused('process', toldNetwork(`192.0.2.${i}/32`), 2)
    keeper.liftAll()
    expect(lines).toHaveLength(20)
    vi.advanceTimersByTime(10_000)
    expect(lines.slice(20)).toEqual([
      { facts: { begun: 80, ended: 100 }, text: '80 more bans began, and 100 ended' },
    ])
    keeper.order(NETWORKS[0]!, 100, '')
    expect(lines.at(-1)?.text).toBe(`an operator bans ${formatNetwork(NETWORKS[0]!)} for 100ms`)
  })
})
