import { expect, it } from 'vitest'
import { Waits } from '../../src/io/waits.js'

const failureOf = (wait: Promise<unknown>): Promise<unknown> =>
  wait.then(
    () => 'none',
    (error) => error,
  )

it('a wait that is settled at once is never tried again', async () => {
  const waits = new Waits<Error>()
  let tries = 0
  expect(
    await waits.add<number>((resolve) => {
      tries++
      return resolve(7)
    }),
  ).toBe(7)
  waits.run()
  expect(tries).toBe(1)
})

it('each wait is tried at every run until it is settled', async () => {
  const waits = new Waits<Error>()
  let tries = 0
  const third = waits.add<string>((resolve) => (++tries < 3 ? 'pending' : resolve('third')))
  const failing = failureOf(waits.add((_, fail) => (tries < 2 ? 'pending' : fail(new Error('second')))))
  for (let i = 0; i < 5; i++) waits.run()
  expect(await third).toBe('third')
  expect(await failing).toEqual(new Error('second'))
  expect(tries).toBe(3)
})

it('after a failure all waits fail, and later ones fail untried until the recovery', async () => {
  const waits = new Waits<Error>()
  const pending = [waits.add(() => 'pending'), waits.add(() => 'pending')].map(failureOf)
  const failure = new Error('over')
  waits.fail(failure)
  expect(await Promise.all(pending)).toEqual([failure, failure])
  expect(waits.failure).toBe(failure)
  let tries = 0
  const toCome = (): Promise<void> =>
    waits.add<void>((resolve) => {
      tries++
      return resolve()
    })
  expect(await failureOf(toCome())).toBe(failure)
  expect(tries).toBe(0)
  waits.recover()
  expect(await failureOf(toCome())).toBe('none')
})
