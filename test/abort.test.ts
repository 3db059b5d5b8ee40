/** Who follows a signal, and what stays on it. */
import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { untilAborted, whenAborted } from '../src/abort.js'

const warnings: Error[] = []
const warn = (warning: Error): number => warnings.push(warning)
beforeEach(() => void process.on('warning', warn))
afterEach(() => void process.off('warning', warn))

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

it('a thousand followers are one listener, each is called once, and nothing stays on the signal', async () => {
  const controller = new AbortController()
  let calls = 0
  const called = (): void => void calls++
  for (let i = 0; i < 1000; i++) whenAborted(controller.signal, called)
  expect(listenersOf(controller.signal)).toBe(1)
  controller.abort()
  expect(calls).toBe(1000)
  expect(listenersOf(controller.signal)).toBe(0)
  await new Promise(setImmediate)
  expect(warnings).toEqual([])
})

it('the last follower that goes takes the listener along, and another one may come later', () => {
  const controller = new AbortController()
  let calls = 0
  const unfollow = [1, 2].map(() => whenAborted(controller.signal, () => void calls++))
  unfollow[0]?.()
  unfollow[0]?.()
  expect(listenersOf(controller.signal)).toBe(1)
  unfollow[1]?.()
  expect(listenersOf(controller.signal)).toBe(0)
  whenAborted(controller.signal, () => void calls++)
  controller.abort()
  expect(calls).toBe(1)
})

it('a follower that goes while the signal aborts is not called', () => {
  const controller = new AbortController()
  let calls = 0
  const rest: (() => void)[] = []
  for (const _ of [1, 2])
    rest.push(
      whenAborted(controller.signal, () => {
        calls++
        for (const unfollow of rest) unfollow()
      }),
    )
  controller.abort()
  expect(calls).toBe(1)
})

it('a signal that has aborted before calls at once, and rejects a promise that is still open', async () => {
  const signal = AbortSignal.abort('why')
  let calls = 0
  whenAborted(signal, () => void calls++)
  expect(calls).toBe(1)
  await expect(untilAborted(new Promise(() => {}), signal)).rejects.toBe('why')
})

it('a promise that settles before the signal keeps its result, and leaves nothing on the signal', async () => {
  const { signal } = new AbortController()
  expect(await untilAborted(Promise.resolve(1), signal)).toBe(1)
  await expect(untilAborted(Promise.reject(new Error('own')), signal)).rejects.toThrow('own')
  expect(await untilAborted(Promise.resolve(2), undefined)).toBe(2)
  expect(listenersOf(signal)).toBe(0)
})
