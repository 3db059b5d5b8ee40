/** How many clients are told no at the same time. */
import { expect, it } from 'vitest'
import { mostTold, ToldClients } from '../../src/connection/told-clients.js'

it.each([
  [undefined, 1000],
  [1_048_576, 1000],
  [32_000, 1000],
  [1024, 32],
  [20, 1],
])('with %s file descriptors so many clients are told at the same time: %d', (fds, most) => {
  expect(mostTold(fds)).toBe(most)
})

it('a client counts until it is told, also if that fails', async () => {
  const told = new ToldClients(1)
  let fail: (error: Error) => void = () => {}
  const telling = told.during(
    () =>
      new Promise((_, reject) => {
        fail = reject
      }),
  )
  expect([told.count, told.isFull]).toEqual([1, true])
  fail(new Error('a bug'))
  await expect(telling).rejects.toThrow('a bug')
  expect([told.count, told.isFull]).toEqual([0, false])
})
