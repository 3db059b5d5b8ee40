/** A connection to a backend sets its liveness in the kernel once it has lasted, because that costs a system call. */
import { expect, it, vi } from 'vitest'
import { LASTING_MS, watchLasting } from '../../../src/connection/backend/lasting.js'
import type { ConnectionView } from '../../../src/connection/connection-view.js'
import type { Socket } from '../../../src/io/socket.js'

const LIVENESS = { idleSeconds: 60 }

/** The sweep looks at a connection at these ages. Returns the ages at which it set the liveness. */
function toldAt(ages: readonly number[], destination: unknown = { liveness: LIVENESS }): number[] {
  const setLiveness = vi.fn()
  const connection = { destination } as unknown as ConnectionView
  let last = 0
  return ages.filter((age) => {
    setLiveness.mockClear()
    watchLasting(connection, { setLiveness } as unknown as Socket, age, age - last)
    last = age
    if (setLiveness.mock.calls.length > 0) expect(setLiveness.mock.calls).toEqual([[LIVENESS]])
    return setLiveness.mock.calls.length > 0
  })
}

it('a connection sets its liveness once, at the first look after LASTING_MS', () => {
  expect(toldAt([1000, LASTING_MS - 1, LASTING_MS, LASTING_MS + 1000, 60_000])).toEqual([LASTING_MS])
  expect(toldAt([60_000, 120_000])).toEqual([60_000])
  expect(toldAt([LASTING_MS - 1])).toEqual([])
})

it('a connection without a destination never sets its liveness', () => {
  expect(toldAt([LASTING_MS], null)).toEqual([])
})
