/**
 * The simulated addon answers as the real one does on loopback connections. Both carry out the same random scripts. The
 * scripts leave out urgent bytes and what depends on time: room in sinks, and acknowledgements.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import * as native from '../../src/io/kernel/native-constants.js'
import { pattern } from '../support/bytes.js'
import { Random } from './random.js'
import { RealAddon } from './twins/real-twin.js'
import { simulatedTwin } from './twins/simulated-twin.js'
import { type Action, carryOut } from './twins/twin.js'

const SCRIPTS = 300
const LONGEST_SCRIPT = 25
const LONGEST_SAY_BYTES = 4000
/** A script must not depend on time, so this is faster than any of them. */
const FAST_BYTES_PER_SECOND = 2 ** 62
const { native: addon } = loadNative()

describe.runIf(addon !== undefined)('the simulated addon', () => {
  let real: RealAddon
  beforeAll(() => {
    real = new RealAddon(addon!)
  })
  afterAll(() => {
    real.close()
  })

  test(`the simulated addon answers ${SCRIPTS} random scripts as the real one does`, async () => {
    for (let seed = 1; seed <= SCRIPTS; seed++) {
      const script = scriptOf(seed)
      const twins = [await real.twin(), simulatedTwin(seed)] as const
      for (const [at, action] of script.entries()) {
        const [wanted, found] = [await carryOut(twins[0], action), await carryOut(twins[1], action)]
        expect(found, `script ${seed}, step ${at} of ${tell(script.slice(0, at + 1))}`).toEqual(wanted)
      }
      for (const twin of twins) twin.close()
    }
  })
})

const KINDS: readonly ((random: Random) => Action)[] = [
  (random) => ({ do: 'say', bytes: pattern(random.next(), random.size(LONGEST_SAY_BYTES)) }),
  (random) => ({ do: 'say', bytes: pattern(random.next(), random.size(LONGEST_SAY_BYTES)) }),
  (random) => ({ do: random.pick(['receive', 'peek'] as const), most: random.size(LONGEST_SAY_BYTES) }),
  (random) => ({ do: random.pick(['splice', 'copy'] as const), hints: hintsOf(random) }),
  (random) => ({ do: random.pick(['splice', 'copy'] as const), hints: hintsOf(random) }),
  (random) => ({ do: 'pace', bytesPerSecond: random.pick([-1, FAST_BYTES_PER_SECOND]) }),
  () => ({ do: 'take' }),
  () => ({ do: 'events' }),
  (random) => ({ do: 'takeError', of: random.pick(['source', 'sink'] as const) }),
]
/** After each of these, that side does nothing more. */
const LAST: readonly Action[] = [
  { do: 'end', who: 'sayer' },
  { do: 'reset', who: 'sayer' },
  { do: 'end', who: 'taker' },
  { do: 'reset', who: 'taker' },
  { do: 'shutdown' },
]

function scriptOf(seed: number): Action[] {
  const random = new Random(seed)
  const script: Action[] = []
  let over = ''
  for (let count = random.int(3, LONGEST_SCRIPT); count > 0; count--) {
    const action = random.chance(0.12) ? random.pick(LAST) : random.pick(KINDS)(random)
    const who = whoActs(action)
    if (over.includes(who)) continue
    if (action.do === 'reset' || (action.do === 'end' && who === 'sayer')) over += `${who} `
    script.push(action)
  }
  return script
}

function whoActs(action: Action): string {
  if ('who' in action) return action.who
  return { say: 'sayer', take: 'taker' }[action.do as string] ?? 'nobody'
}

const hintsOf = (random: Random): number =>
  random.pick([0, native.HINT_MAY_BE_EMPTY, native.HINT_MAY_BE_URGENT, native.HINT_READ_TO_THE_END])

const tell = (script: readonly Action[]): string =>
  JSON.stringify(
    script.map((action) => ('bytes' in action ? { ...action, bytes: action.bytes.length } : action)),
  )
