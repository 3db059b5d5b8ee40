import { expect, it } from 'vitest'
import { startDeadline } from '../../src/probes/deadline.js'

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

it('a deadline that was late because the process was busy lets events come first', async () => {
  const order: string[] = []
  await new Promise<void>((resolve) => {
    startDeadline(50, () => {
      order.push('deadline')
      resolve()
    })
    block(150)
    setImmediate(() => order.push('event'))
  })
  expect(order).toEqual(['event', 'deadline'])
})

it('a deadline that was cleared never comes, also while it is put off', async () => {
  let isOver = false
  const deadline = startDeadline(50, () => {
    isOver = true
  })
  block(150)
  await new Promise((resolve) => setTimeout(resolve, 0))
  deadline.clear()
  await new Promise<void>((resolve) => startDeadline(200, resolve))
  expect(isOver).toBe(false)
})
