import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CheckVerdict } from '../../../src/cluster/health/verdict.js'
import { Endpoints } from '../../../src/cluster/names/endpoints.js'
import type { ClusterSocket } from '../../../src/config/schemas/socket-schema.js'
import { validateConfig } from '../../../src/config/validate.js'
import type { AgentReply } from '../../../src/probes/agent-reply.js'
import type { ProbeResult, ProbeTarget } from '../../../src/probes/check.js'
import { CheckedBackend } from '../../../src/proxy/health/checked-backend.js'
import { ProbeQueue } from '../../../src/proxy/health/probe-queue.js'

const NAMED = { kind: 'tcp', host: 'db.test', port: 80 } as const
const PASS: ProbeResult = { passed: true, reason: 'L4OK', detail: undefined }
const REFUSED: ProbeResult = { passed: false, reason: 'L4CON', detail: 'ECONNREFUSED' }
const WRONG: ProbeResult = { passed: false, reason: 'L7RSP', detail: undefined }

let endpoints: Endpoints
let backend: CheckedBackend
/** Where the check or the agent that is under way connects. */
let at: ProbeTarget['address'] | undefined
let setup: ProbeTarget['setup']
let answer: (result: ProbeResult) => void
let verdict: CheckVerdict | undefined

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  endpoints = new Endpoints(NAMED)
  at = undefined
  verdict = undefined
  const begun = (target: Pick<ProbeTarget, 'address' | 'setup'>) => {
    at = target.address
    setup = target.setup
    return { cancel: () => {} }
  }
  backend = new CheckedBackend(
    {
      probes: {
        probe: (_, target, done) => {
          answer = (result) => {
            at = undefined
            done(result)
          }
          return begun(target)
        },
        askAgent: (target, _: (reply: AgentReply | undefined) => void) => begun(target),
      },
      queue: new ProbeQueue(),
      host: NAMED.host,
      weight: () => 1,
      endpoints: () => endpoints,
      ended: () => {},
      checked: (each) => {
        verdict = each
      },
      agentSaid: () => {},
      random: () => 0.5,
    },
    undefined,
  )
})
afterEach(() => {
  backend.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function begin(health: object, socket?: ClusterSocket): void {
  const { clusters } = validateConfig({
    listeners: [{ name: 'a', address: '127.0.0.1:0', cluster: 'c' }],
    clusters: { c: { backends: ['db.test:80'], health } },
  })
  backend.update({ ...clusters.c!.health, socket }, false)
  backend.begin(0)
  vi.advanceTimersByTime(1)
}

/** The next check has this result. Returns the host that it connects to. */
function next(result: ProbeResult): string | undefined {
  if (at === undefined) vi.advanceTimersByTime(2000)
  const host = at?.kind === 'tcp' ? at.host : undefined
  answer(result)
  return host
}

test.each([{ port: 81 }, {}])(
  'a connect that fails is followed by one to the next address, with %j',
  (more) => {
    endpoints.resolved(['127.0.0.1', '127.0.0.2'])
    begin({ check: more })
    expect([next(REFUSED), next(PASS), next(PASS)]).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.2'])
    expect(verdict).toMatchObject({ isUp: true, checks: 2, checksFailed: 0 })
  },
)

test('failed connects count as soon as all addresses of the name have failed', () => {
  endpoints.resolved(['127.0.0.1', '127.0.0.2'])
  begin({ check: { fall: 1 } })
  next(PASS)
  next(REFUSED)
  expect(verdict).toMatchObject({ isUp: true, checks: 1 })
  next(REFUSED)
  expect(verdict).toMatchObject({ isUp: false, checks: 2 })
  next(REFUSED)
  expect(verdict).toMatchObject({ checks: 3, checksFailed: 2 })
})

test('the other address family is tried next', () => {
  endpoints.resolved(['::1', '::2', '127.0.0.1'])
  begin({ check: {} })
  expect([next(REFUSED), next(PASS)]).toEqual(['::1', '127.0.0.1'])
})

test('an address that answers wrongly counts at once, and stays in use', () => {
  endpoints.resolved(['127.0.0.1', '127.0.0.2'])
  begin({ check: {} })
  expect([next(WRONG), next(WRONG)]).toEqual(['127.0.0.1', '127.0.0.1'])
  expect(verdict).toMatchObject({ isUp: false, checks: 2 })
})

test.each([{ check: { everyMs: '1h' } }, { agent: { port: 81, everyMs: '1h' } }])(
  'a backend whose name gets its address late is checked, or its agent asked, soon after: %j',
  (health) => {
    begin(health)
    vi.advanceTimersByTime(10_000)
    expect(at).toBe(undefined)
    endpoints.resolved(['127.0.0.1'])
    vi.advanceTimersByTime(1000)
    expect(at).toMatchObject({ host: '127.0.0.1' })
  },
)

test.each(['check', 'agent'])(
  '%s: it connects with the options of its cluster, from the first address that fits',
  (kind) => {
    const options = { mark: 7 }
    const source = { isClient: false, addresses: ['2001:db8::9', '10.0.0.8', '10.0.0.9'] }
    endpoints.resolved(['10.0.0.1'])
    begin(
      { [kind]: kind === 'agent' ? { port: 9, everyMs: 1000 } : 'tcp' },
      {
        options,
        source,
        sourcePorts: undefined,
      },
    )
    expect(setup).toEqual({ options, source: { host: '10.0.0.8', ports: undefined } })
  },
)
