/** The timeouts that a route function returns: what is read, and how a mistake is told. */
import { describe, expect, it } from 'vitest'
import { readTimeouts } from '../../../src/connection/decision/decided-timeouts.js'

const read = (value: unknown) => readTimeouts(value, 'timeouts')

describe('timeouts that a route function returns', () => {
  it('a route function gives timeouts in ms or as durations, and 0 for no limit', () => {
    expect(read({ idleMs: '8h', lifetimeMs: 0, connectMs: 250, responseMs: undefined })).toEqual({
      idleMs: 28_800_000,
      lifetimeMs: 0,
      connectMs: 250,
    })
  })

  it.each<[unknown, string]>([
    [5, 'route: timeouts: expected a map such as { idleMs: "8h" }, not 5'],
    [null, 'route: timeouts: expected a map such as { idleMs: "8h" }, not null'],
    [
      { drainMs: 1 },
      'route: "timeouts.drainMs" is an unknown key: write one of "connectMs", "responseMs", "idleMs", "halfClosedMs", "lifetimeMs"',
    ],
    [
      { idleMs: 'soon' },
      'route: timeouts.idleMs: "soon" is not a duration: write 250ms, 5s, 10m, 1h, 1d, or a number of milliseconds',
    ],
    [{ idleMs: -1 }, 'route: timeouts.idleMs: expected whole ms or a duration, from 0 to 24d, not -1'],
    [{ idleMs: 0.5 }, 'route: timeouts.idleMs: expected whole ms or a duration, from 0 to 24d, not 0.5'],
    [{ idleMs: '25d' }, 'route: timeouts.idleMs: expected whole ms or a duration, from 0 to 24d, not "25d"'],
  ])('timeouts of %j are an error that says what to return', (timeouts, message) => {
    expect(() => read(timeouts)).toThrow(message)
  })
})
