/** The steps of a story of workers, as plain data drawn from a seed. Each step has its own `luck`, a seed. */
import type { LogLevel } from '../../../src/config/schemas/log-schema.js'
import type { BackendChange } from '../../../src/control/orders.js'
import { Random } from '../random.js'
import { BACKENDS, type ListenerName, VARIANTS } from './setting.js'

export type Side = 'client' | 'backend'

export type Action =
  | { readonly do: 'connect'; readonly client: number; readonly listener: ListenerName }
  /** `who` is the number of a client. It also stands for the backend's end of that client. */
  | { readonly do: 'say'; readonly side: Side; readonly who: number; readonly bytes: number }
  | { readonly do: 'end' | 'reset'; readonly side: Side; readonly who: number }
  | { readonly do: 'turn'; readonly times: number }
  | { readonly do: 'wait'; readonly ms: number }
  /** `worker` is one of the living workers, counted from the oldest. */
  | { readonly do: 'kill' | 'hang' | 'wake'; readonly worker: number }
  /** The next `forks` forks fail. */
  | { readonly do: 'no-process'; readonly forks: number }
  | { readonly do: 'backend'; readonly backend: number; readonly change: BackendChange }
  /** Checks of the backend pass or fail from now on, and its agent says this. */
  | {
      readonly do: 'health'
      readonly backend: number
      readonly works: boolean
      readonly agentSays: 'ready' | 'drain'
    }
  | { readonly do: 'drain' | 'open'; readonly listener: ListenerName }
  /** Bans clients that do not exist. `unban` ends all bans. */
  | { readonly do: 'ban'; readonly host: number }
  | { readonly do: 'unban' }
  | { readonly do: 'level'; readonly level: LogLevel }
  | { readonly do: 'reload'; readonly variant: number }
  | { readonly do: 'status' }
  /** Nothing goes wrong for a while. Then all workers must serve and know the same. */
  | { readonly do: 'calm' }

export type Step = Action & { readonly luck: number }

const MOST_STEPS = 30
const MOST_CLIENTS = 8
const LONGEST_SAY_BYTES = 20_000

/** Kinds of steps, by weight. */
export type Kinds<Each> = readonly (readonly [weight: number, draw: (random: Random) => Each])[]

const KINDS: Kinds<Action> = [
  [10, connect],
  [6, (random) => ({ do: 'say', ...target(random), bytes: random.size(LONGEST_SAY_BYTES) })],
  [3, (random) => ({ do: random.pick(['end', 'reset'] as const), ...target(random) })],
  [20, (random) => ({ do: 'turn', times: random.int(1, 6) })],
  [8, (random) => ({ do: 'wait', ms: random.size(4000) })],
  [6, (random) => ({ do: 'kill', worker: random.int(0, 2) })],
  [2, (random) => ({ do: random.pick(['hang', 'hang', 'wake'] as const), worker: random.int(0, 2) })],
  [1, (random) => ({ do: 'no-process', forks: random.int(1, 3) })],
  [5, changeBackend],
  [4, changeHealth],
  [2, (random) => ({ do: 'drain', listener: random.pick(['front', 'side'] as const) })],
  [1, (random) => ({ do: 'open', listener: random.pick(['front', 'side'] as const) })],
  [3, (random) => ({ do: 'ban', host: random.int(1, 3) })],
  [1, () => ({ do: 'unban' })],
  [1, (random) => ({ do: 'level', level: random.pick(['debug', 'warn'] as const) })],
  [3, (random) => ({ do: 'reload', variant: random.int(0, VARIANTS - 1) })],
  [6, () => ({ do: 'status' })],
  [3, () => ({ do: 'calm' })],
]

export const scheduleOf = (seed: number): Step[] => scheduleWith(seed, KINDS)

/** Those of the kinds of steps that are wanted. */
export const kindsOf = (isWanted: (action: Action) => boolean): Kinds<Action> =>
  KINDS.filter(([, draw]) => isWanted(draw(new Random(1))))

export function scheduleWith<Each extends { readonly do: string }>(
  seed: number,
  kinds: Kinds<Each>,
): (Each & { readonly luck: number })[] {
  const random = new Random(seed)
  const steps: (Each & { readonly luck: number })[] = []
  let clients = 0
  for (let count = random.int(5, MOST_STEPS); count > 0; count--) {
    const action = draw(random, kinds)
    steps.push({ ...action, ...(action.do === 'connect' ? { client: clients++ } : {}), luck: random.next() })
  }
  return steps
}

function draw<Each>(random: Random, kinds: Kinds<Each>): Each {
  const weight = kinds.reduce((sum, [each]) => sum + each, 0)
  let at = (random.next() / 2 ** 32) * weight
  const [, kind] = kinds.find(([each]) => {
    at -= each
    return at < 0
  })!
  return kind(random)
}

function target(random: Random): { side: Side; who: number } {
  return { side: random.pick(['client', 'backend'] as const), who: random.int(0, MOST_CLIENTS - 1) }
}

function connect(random: Random): Action {
  return { do: 'connect', client: 0, listener: random.pick(['front', 'front', 'side', 'late'] as const) }
}

function changeHealth(random: Random): Action {
  const agentSays = random.pick(['ready', 'ready', 'drain'] as const)
  return { do: 'health', backend: random.int(0, BACKENDS.length - 1), works: random.chance(0.6), agentSays }
}

function changeBackend(random: Random): Action {
  const change: BackendChange = random.chance(0.5)
    ? { state: random.pick(['up', 'drain', 'maint'] as const) }
    : { weight: random.int(0, 5) }
  return { do: 'backend', backend: random.int(0, BACKENDS.length - 1), change }
}
