/** When a refused client may come again. */
import { expect, it } from 'vitest'
import { retryAfterSeconds } from '../../src/refusals/retry-after.js'

const at = (time: string): number => Date.parse(`2026-03-01T${time}Z`)

it('a refused client may come again after 5 s', () => {
  expect(retryAfterSeconds('source-limit: connections', at('12:00:00'))).toBe(5)
  expect(retryAfterSeconds('no-backend', at('12:00:00'))).toBe(5)
})

it('a client that has used up its bytes of the day may come again when the next day of UTC begins', () => {
  const waits = ['00:00:00', '12:00:00.999', '23:59:59.999'].map((time) =>
    retryAfterSeconds('source-limit: bytes-today (listener)', at(time)),
  )
  expect(waits).toEqual([86_400, 43_200, 1])
})
