import { expect, it } from 'vitest'
import { isWaitedFor } from '../../src/limits/limiter.js'
import { causeOf } from '../../src/limits/no-place.js'
import { OwnLimit } from '../../src/limits/own-limit.js'

it('a process has no place when it has as many connections as its file descriptors are enough for', () => {
  let open = 1
  const own = new OwnLimit(() => open)
  expect(own.noPlace).toBeUndefined()
  own.set(2)
  expect(own.noPlace).toBeUndefined()
  open = 2
  expect([causeOf(own.noPlace!), isWaitedFor(own.noPlace!)]).toEqual(['limit: process connections', true])
  own.set(undefined)
  expect(own.noPlace).toBeUndefined()
})
