/** When a connection is old enough for what costs a system call. */
import { expect, it, vi } from 'vitest'
import { LASTING_MS, watchLasting } from '../../../src/connection/backend/lasting.js'
import type { ConnectionView } from '../../../src/connection/connection-view.js'
import type { Socket } from '../../../src/io/socket.js'

const LIVENESS = { idleSeconds: 60 }

/** At which of these ages, looked at one after the other, the kernel is told. */
function toldAt(ages: readonly number[], cluster: string | undefined = 'back'): number[] {
  const setLiveness = vi.fn()
  const destinations = new Map([['back', { liveness: LIVENESS }]])
  const connection = { cluster, service: { destinations } } as unknown as ConnectionView
  let last = 0
  return ages.filter((age) => {
    setLiveness.mockClear()
    watchLasting(connection, { setLiveness } as unknown as Socket, age, age - last)
    last = age
    if (setLiveness.mock.calls.length > 0) expect(setLiveness.mock.calls).toEqual([[LIVENESS]])
    return setLiveness.mock.calls.length > 0
  })
}

it('the kernel is told once, at the first look at which the connection lasts', () => {
  expect(toldAt([1000, LASTING_MS - 1, LASTING_MS, LASTING_MS + 1000, 60_000])).toEqual([LASTING_MS])
  expect(toldAt([60_000, 120_000])).toEqual([60_000])
  expect(toldAt([LASTING_MS - 1])).toEqual([])
})

it('nobody is told of a cluster that is not there', () => {
  expect(toldAt([LASTING_MS], 'gone')).toEqual([])
})
