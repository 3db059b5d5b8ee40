import { expect, test } from 'vitest'
import { ProbeQueue } from '../../../src/proxy/health/probe-queue.js'

/** Runs jobs by name. `overs` ends one that runs, and `happened` has what the queue did. */
function queueOf(most: number) {
  const queue = new ProbeQueue(most)
  const happened: string[] = []
  const overs = new Map<string, () => void>()
  const run = (name: string) =>
    queue.run((over) => {
      happened.push(`begins ${name}`)
      overs.set(name, over)
      return { cancel: () => happened.push(`cancels ${name}`) }
    })
  return { run, happened, end: (name: string) => overs.get(name)!() }
}

test('a probe that finds no room begins when another one is over, in the order in which they came', () => {
  const { run, happened, end } = queueOf(2)
  for (const name of ['a', 'b', 'c', 'd']) run(name)
  expect(happened).toEqual(['begins a', 'begins b'])
  end('b')
  end('a')
  expect(happened.slice(2)).toEqual(['begins c', 'begins d'])
})

test('a probe that is cancelled while it waits never begins', () => {
  const { run, happened, end } = queueOf(1)
  run('a')
  run('b').cancel()
  run('c')
  end('a')
  expect(happened).toEqual(['begins a', 'begins c'])
})

test('a probe that is cancelled while it runs makes room once, and none after its end', () => {
  const { run, happened, end } = queueOf(1)
  const a = run('a')
  run('b')
  run('c')
  a.cancel()
  a.cancel()
  expect(happened).toEqual(['begins a', 'cancels a', 'begins b'])
  end('b')
  expect(happened.at(-1)).toBe('begins c')
})
