import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RiseFall } from '../../../../src/cluster/health/checks/rise-fall.js'

/** Notes results, `+` for a pass and `-` for a failure, and returns what `look` sees after each. */
function note<Seen>(riseFall: RiseFall, results: string, look: () => Seen): Seen[] {
  return [...results].map((result) => {
    riseFall.note(result === '+')
    return look()
  })
}

/** The state after each result: `U` or `D`. */
const states = (riseFall: RiseFall, results: string): string =>
  note(riseFall, results, () => (riseFall.isUp ? 'U' : 'D')).join('')

describe('with rise 2 and fall 3', () => {
  const create = (isUp = true): RiseFall => new RiseFall({ rise: 2, fall: 3 }, isUp)

  test('three failures in a row take a backend down, and a pass between them begins a new row', () => {
    expect(states(create(), '+--+---')).toBe('UUUUUUD')
  })

  test('two passes in a row bring a backend up again, and a failure between them begins a new row', () => {
    expect(states(create(), '+---+-++')).toBe('UUUDDDDU')
  })

  test('the first result against the state with which a backend begins is enough', () => {
    expect(states(create(), '-+')).toBe('DD')
    expect(states(create(false), '+-')).toBe('UU')
  })

  test('the state is changing until the results agree often enough', () => {
    const riseFall = create()
    expect(note(riseFall, '+-+---+++', () => riseFall.phase)).toEqual([
      'up',
      'changing',
      'up',
      'changing',
      'changing',
      'down',
      'changing',
      'up',
      'up',
    ])
  })
})

/**
 * HAProxy's manual in other words, without its number: a backend changes when the last `rise` or `fall` results all speak
 * against its state. A backend that has just begun needs one.
 */
class Model {
  isUp: boolean
  readonly #needed: { readonly rise: number; readonly fall: number }
  #against: number

  constructor(needed: { rise: number; fall: number }, isUp: boolean) {
    this.#needed = needed
    this.isUp = isUp
    this.#against = isUp ? needed.fall - 1 : needed.rise - 1
  }

  note(passed: boolean): void {
    this.#against = passed === this.isUp ? 0 : this.#against + 1
    if (this.#against < (this.isUp ? this.#needed.fall : this.#needed.rise)) return
    this.isUp = passed
    this.#against = 0
  }

  get phase(): string {
    return this.#against > 0 ? 'changing' : this.isUp ? 'up' : 'down'
  }
}

test('whatever the results are, a backend is in the state that the last of them demand', () => {
  const count = fc.integer({ min: 1, max: 6 })
  const scene = fc.record({ rise: count, fall: count, isUp: fc.boolean(), results: fc.array(fc.boolean()) })
  fc.assert(
    fc.property(scene, ({ rise, fall, isUp, results }) => {
      const riseFall = new RiseFall({ rise, fall }, isUp)
      const model = new Model({ rise, fall }, isUp)
      expect(riseFall.isUp).toBe(isUp)
      for (const passed of results) {
        const wasUp = model.isUp
        model.note(passed)
        expect(riseFall.note(passed)).toBe(wasUp !== model.isUp)
        expect([riseFall.isUp, riseFall.phase]).toEqual([model.isUp, model.phase])
      }
    }),
    { numRuns: 1000 },
  )
})

/** The number in HAProxy's `check_notify_failure` and `check_notify_success`, written down from what its source does. */
test('whatever the results are, the state is that of HAProxy’s number', () => {
  const count = fc.integer({ min: 1, max: 6 })
  const scene = fc.record({ rise: count, fall: count, isUp: fc.boolean(), results: fc.array(fc.boolean()) })
  fc.assert(
    fc.property(scene, ({ rise, fall, isUp, results }) => {
      const riseFall = new RiseFall({ rise, fall }, isUp)
      let health = isUp ? rise : rise - 1
      for (const passed of results) {
        if (!passed && health > rise) health -= 1
        else if (!passed) health = 0
        else if (health < rise + fall - 1) {
          health += 1
          if (health >= rise) health = rise + fall - 1
        }
        riseFall.note(passed)
        expect(riseFall.isUp).toBe(health >= rise)
        expect(riseFall.phase).toBe(health === 0 ? 'down' : health === rise + fall - 1 ? 'up' : 'changing')
      }
    }),
    { numRuns: 1000 },
  )
})
