/** Questions that one process of an upgrade asks the other one. */
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../src/errors.js'
import { forwarding } from '../../src/upgrade/forwarding.js'
import type { Answer, Ask } from '../../src/upgrade/messages.js'
import { Questions } from '../../src/upgrade/questions.js'

/** Two processes. Messages pass as JSON. */
function pair(call: (method: string, args: readonly unknown[]) => Promise<unknown>) {
  const pass = (to: Questions, message: Ask | Answer): void => to.heard(JSON.parse(JSON.stringify(message)))
  const first: Questions = new Questions(forwarding(call), (message) => pass(second, message))
  const second: Questions = new Questions(forwarding(call), (message) => pass(first, message))
  return { first, second }
}

describe('Questions', () => {
  it('ask the control of the other process, and pass its errors on', async () => {
    const { first } = pair(async (method, args) => {
      if (method === 'kill') throw new MillraceError('unknown-name', 'no such connection')
      return { method, args }
    })
    expect(await first.control.release('a')).toEqual({ method: 'release', args: ['a'] })
    await expect(first.control.kill({})).rejects.toMatchObject({ code: 'unknown-name' })
  })

  it.each(['constructor', 'toString', '__proto__', 'newVerb'])(
    'a question for %s, which this version does not know, gets an error',
    async (method) => {
      const answers: (Ask | Answer)[] = []
      const questions = new Questions(
        forwarding(async () => 'done'),
        (message) => answers.push(message),
      )
      questions.heard({ kind: 'ask', id: 1, method, args: [] })
      while (answers.length === 0) await Promise.resolve()
      expect(answers).toMatchObject([{ id: 1, error: { code: 'wrong-state' } }])
    },
  )

  it('questions that are open when the other process goes are rejected, and later ones, too', async () => {
    const { first } = pair(() => new Promise(() => {}))
    const open = first.control.reopenLogs()
    first.gone()
    await expect(open).rejects.toThrow('is gone')
    await expect(first.control.reopenLogs()).rejects.toThrow('is gone')
  })
})
