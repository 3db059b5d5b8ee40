/**
 * The steps of a story, as plain data. A schedule is a list of steps drawn from a seed. Each step has its own `luck`, a seed
 * by which the kernel decides during the step. So a schedule without one of the steps plays almost the same.
 */
import { Random } from '../random.js'
import type { Call, ClusterName, ListenerName } from './calls.js'
import type { Opening } from './openings.js'
import type { Beginning } from './peer.js'
import type { Behaviour } from './server.js'
import { BACKENDS, NAMES, settingOf, VARIANTS } from './setting.js'

export type Side = 'client' | 'backend'

export type Action =
  | {
      readonly do: 'connect'
      readonly client: number
      readonly listener: ListenerName
      readonly opening: Opening
      readonly beginning: Beginning
    }
  /** `who` is the number of a client. It also stands for the backend's end of that client. */
  | { readonly do: 'say'; readonly side: Side; readonly who: number; readonly bytes: number }
  | {
      readonly do: 'pause' | 'resume' | 'end' | 'reset' | 'close' | 'urgent'
      readonly side: Side
      readonly who: number
    }
  /** The event loop goes round this many times. */
  | { readonly do: 'turn'; readonly times: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'backend'; readonly backend: number; readonly behaviour: Behaviour }
  /** From now on a host name has these addresses. */
  | { readonly do: 'name'; readonly host: string; readonly ips: readonly string[] }
  | { readonly do: 'shortage'; readonly fds: boolean; readonly memory: boolean; readonly watches: boolean }
  | { readonly do: 'plenty' }
  | { readonly do: 'reload'; readonly variant: number }
  | { readonly do: 'drain'; readonly deadlineMs: number; readonly cluster: string | undefined }
  | { readonly do: 'hold'; readonly cluster: ClusterName; readonly maxMs: number; readonly end: boolean }
  | { readonly do: 'release'; readonly cluster: ClusterName }
  /** Every peer takes what there is, and nothing is short, until nothing moves. Then everything must have arrived. */
  | { readonly do: 'calm' }

export type Step = Action & { readonly luck: number }

const LONGEST_SAY_BYTES = 400_000
const MOST_STEPS = 60
const MOST_CLIENTS = 5
const LONGEST_PIECE_BYTES = 64
/** The clusters that operators hold. Most clients go to the first ones. */
const HELD: readonly ClusterName[] = [
  'main',
  'main',
  'main',
  'told',
  'resolved',
  'local',
  'forwarded',
  'database',
]
const BEHAVIOURS: readonly Behaviour[] = [
  'accepts',
  'accepts',
  'refuses',
  'is silent',
  'is unreachable',
  'has no port for us',
  'resets',
]

/** The kinds of steps in a story, by weight. */
const KINDS: readonly (readonly [
  weight: number,
  draw: (random: Random, calls: readonly Call[]) => Action,
])[] = [
  [30, say],
  [30, (random) => ({ do: 'turn', times: random.int(1, 6) })],
  [16, (random) => ({ do: random.pick(['pause', 'resume'] as const), ...target(random) })],
  [6, (random) => ({ do: 'end', ...target(random) })],
  [4, (random) => ({ do: random.pick(['reset', 'close'] as const), ...target(random) })],
  [3, (random) => ({ do: 'urgent', ...target(random) })],
  [5, (random) => ({ do: 'wait', ms: random.size(2000) })],
  [4, connect],
  [2, backend],
  [1, name],
  [1, shortage],
  [2, () => ({ do: 'plenty' })],
  [1, (random) => ({ do: 'reload', variant: random.int(0, VARIANTS - 1) })],
  [0.3, drain],
  [1, hold],
  [1, (random) => ({ do: 'release', cluster: random.pick(HELD) })],
  [4, () => ({ do: 'calm' })],
]

export function scheduleOf(seed: number): Step[] {
  const { calls } = settingOf(seed)
  const random = new Random(seed)
  const steps: Step[] = []
  let clients = 0
  for (let count = random.int(5, MOST_STEPS); count > 0; count--) {
    const action = clients === 0 ? connect(random, calls) : draw(random, calls)
    steps.push({ ...action, ...(action.do === 'connect' ? { client: clients++ } : {}), luck: random.next() })
  }
  return steps
}

function draw(random: Random, calls: readonly Call[]): Action {
  const [, kind] = random.weighted(KINDS, ([weight]) => weight)
  return kind(random, calls)
}

function target(random: Random): { side: Side; who: number } {
  return { side: random.pick(['client', 'backend'] as const), who: random.int(0, MOST_CLIENTS - 1) }
}

function say(random: Random): Action {
  return {
    do: 'say',
    ...target(random),
    bytes: random.chance(0.5) ? random.size(LONGEST_SAY_BYTES) : random.int(1, LONGEST_SAY_BYTES),
  }
}

function connect(random: Random, calls: readonly Call[]): Action {
  const { listener, opening } = random.weighted(calls, ({ weight }) => weight)
  const keptBack = random.chance(0.15) ? random.pick([0.5, 1]) : 0
  const pieceBytes = random.chance(0.5) ? random.size(LONGEST_PIECE_BYTES) : Number.MAX_SAFE_INTEGER
  return { do: 'connect', client: 0, listener, opening, beginning: { keptBack, pieceBytes } }
}

function backend(random: Random): Action {
  return { do: 'backend', backend: random.int(0, BACKENDS.length - 1), behaviour: random.pick(BEHAVIOURS) }
}

function name(random: Random): Action {
  const host = random.pick(Object.keys(NAMES))
  const ips = BACKENDS.filter(({ cluster }) => cluster === 'resolved').map((place) => place.host)
  return { do: 'name', host, ips: ips.filter(() => random.chance(0.5)) }
}

function shortage(random: Random): Action {
  return { do: 'shortage', fds: random.chance(0.5), memory: random.chance(0.5), watches: random.chance(0.1) }
}

function drain(random: Random): Action {
  const cluster = random.pick(['main', 'told', 'resolved', 'local', undefined])
  return { do: 'drain', deadlineMs: random.pick([0, 200, 2000]), cluster }
}

function hold(random: Random): Action {
  return {
    do: 'hold',
    cluster: random.pick(HELD),
    maxMs: random.pick([100, 2000, 20_000]),
    end: random.chance(0.3),
  }
}
