/** A count needs only one line in the description. The tests add a count to listeners and check what follows. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { toldSchema } from '../../src/admin/api/told-schema.js'
import { mergeValues } from '../../src/observe/counts/merge.js'
import { pastValues } from '../../src/observe/counts/past.js'
import { describedMetrics } from '../../src/observe/metrics/described.js'
import { exposition } from '../../src/observe/metrics/exposition.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { countersOf } from '../../src/status/fields.js'
import { count, metric, past, things } from '../../src/status/kinds.js'
import { LISTENER } from '../../src/status/listener.js'
import { STATUS } from '../../src/status/status.js'
import { blank } from '../support/blank.js'

const MORE_OF_LISTENER = {
  ...LISTENER,
  turnedAway: count('connections', metric('millrace_turned_away_total', 'Connections turned away.')),
}
const MORE = {
  ...STATUS,
  listeners: things(MORE_OF_LISTENER, { past: 'pastListeners', label: 'listener' }),
  pastListeners: past(MORE_OF_LISTENER),
}

const statusOf = (turnedAway: number) => ({
  ...blank(MORE),
  listeners: [{ ...blank(MORE_OF_LISTENER), name: 'front', turnedAway }],
})

const metricsOf = (status: object): string =>
  exposition(
    describedMetrics(MORE).map(({ samples, ...family }) => ({
      ...family,
      samples: samples(status as ProxyStatus),
    })),
  )

it('a count in the description of a status has a counter', () => {
  expect(countersOf(MORE_OF_LISTENER)).toMatchObject({ turnedAway: 0, accepted: 0 })
})

it('a count in the description of a status is added up over workers, and outlives them', () => {
  const merged = mergeValues(MORE, [statusOf(2), statusOf(3), pastValues(MORE, statusOf(4))])
  expect(merged).toMatchObject({ listeners: [{ name: 'front', turnedAway: 9 }], pastListeners: [] })
  expect(mergeValues(MORE, [pastValues(MORE, statusOf(4))])).toMatchObject({
    listeners: [],
    pastListeners: [{ turnedAway: 4 }],
  })
})

it('a count in the description of a status is a metric, even for a listener that is gone', () => {
  const sample = 'millrace_turned_away_total{listener="front"} 4\n'
  expect(metricsOf(statusOf(4))).toContain(sample)
  expect(metricsOf(pastValues(MORE, statusOf(4)))).toContain(sample)
})

it('a count in the description of a status is in the schema, which allows no other field', () => {
  const ajv = addFormats.default(new Ajv2020({ strict: true, strictTypes: false }))
  const validate = ajv.compile(z.toJSONSchema(toldSchema(MORE_OF_LISTENER)))
  const [listener] = statusOf(1).listeners
  expect(validate(listener), ajv.errorsText(validate.errors)).toBe(true)
  expect(validate({ ...listener, turnedAway: -1 })).toBe(false)
  expect(validate({ ...listener, forgotten: 1 })).toBe(false)
  const { turnedAway, ...less } = listener!
  expect(validate(less)).toBe(false)
})
