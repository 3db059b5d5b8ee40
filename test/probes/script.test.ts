/** Checks by scripts of send and expect. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ScriptStep } from '../../src/probes/check.js'
import { scriptConversation } from '../../src/probes/script.js'
import { cut, play } from './conversations.js'
import { BRIEF_MS, expected, script, serving, targetAt, told } from './rig.js'

const PING: ScriptStep = { send: 'PING\r\n' }

const answered = (steps: readonly ScriptStep[], bytes: string, places: readonly number[] = []) => {
  const conversation = scriptConversation({ kind: 'script', steps }, false)
  const { found, explanation } = play(conversation, cut(Buffer.from(bytes, 'latin1'), places))
  if (found === undefined) return explanation
  return `${found.passed ? '+' : ''}${found.reason}${found.detail === undefined ? '' : ` (${found.detail})`}`
}

/** Without what had come, which depends on the pieces. */
const verdict = (result: string): string => result.replace(/, got .*/, '')

describe('a script check', () => {
  it.each([
    ['+PONG', undefined, '+PONG\r\n', '+L7OK'],
    ['PONG', undefined, 'say +PONG!', '+L7OK'],
    ['+PONG', 0, '+PONG\r\n', '+L7OK'],
    ['\n', 4, 'J\0\0\0\n8.0.36', '+L7OK'],
    ['+PONG', undefined, '-LOADING', 'expected "+PONG", got "-LOADING"'],
    ['+PONG', 0, '-LOADING', 'L7RSP (expected "+PONG", got "-LOADING")'],
    ['+PONG', 0, '+PO', 'expected "+PONG", got "+PO"'],
    ['+PONG', 0, '+PX', 'L7RSP (expected "+PONG", got "+PX")'],
    ['\n', 4, 'J\0\0\0', 'expected "\\n" at byte 4, got "J\\u0000\\u0000\\u0000"'],
    ['\n', 4, 'J\0\0\0\xff', 'L7RSP (expected "\\n" at byte 4, got "J\\u0000\\u0000\\u0000ÿ")'],
    ['+PONG', undefined, '', 'expected "+PONG", got nothing'],
    ['a'.repeat(100), 0, 'b'.repeat(100), `L7RSP (expected "${'a'.repeat(60)}…", got "${'b'.repeat(60)}…")`],
  ])('a script check that expects %j at %s and gets %j', (expect_, at, bytes, result) => {
    expect(answered([PING, expected(expect_, at)], bytes)).toBe(result)
  })

  it('an expect sees only what came since the last send, and several in a row see the same', () => {
    const steps = [expected('220 ', 0), { send: 'EHLO a\r\n' }, expected('250 '), expected('SIZE')]
    expect(
      play(scriptConversation({ kind: 'script', steps }, false), [Buffer.from('220 250 SIZE')]),
    ).toMatchObject({
      sent: ['EHLO a\r\n'],
      found: undefined,
      explanation: 'expected "250 ", got nothing',
    })
    const pieces = [Buffer.from('220 x\r\n'), Buffer.from('250-SIZE 1\r\n250 OK\r\n')]
    expect(play(scriptConversation({ kind: 'script', steps }, false), pieces).found).toMatchObject({
      passed: true,
    })
  })

  it('a script check sends and expects any byte', () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))
    const steps = [{ send: all }, expected(all, 0)]
    const { sent, found } = play(scriptConversation({ kind: 'script', steps }, false), [
      Buffer.from(all, 'latin1'),
    ])
    expect(sent).toEqual([all])
    expect(found).toMatchObject({ passed: true, reason: 'L7OK' })
  })

  it('a script check that expects nothing shows no more than the connect, or the handshake', () => {
    const passed = (isInTls: boolean) =>
      play(scriptConversation({ kind: 'script', steps: [PING] }, isInTls), []).found
    expect(passed(false)?.reason).toBe('L4OK')
    expect(passed(true)?.reason).toBe('L6OK')
  })

  it('the answer to a script check means the same, however it is cut into pieces', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(''))
    const step = fc.tuple(text, fc.option(fc.nat(3), { nil: undefined }))
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 3 }),
        text,
        fc.array(fc.nat(20)),
        (expects, bytes, places) => {
          const steps = [PING, ...expects.map(([expect_, at]) => expected(expect_, at))]
          expect(verdict(answered(steps, bytes, places))).toBe(verdict(answered(steps, bytes)))
        },
      ),
    )
  })

  it('a script check passes exactly if all expected bytes are where they must be', () => {
    const bytes = fc.stringMatching(/^[ab]{0,8}$/)
    const step = fc.tuple(fc.stringMatching(/^[ab]{1,3}$/), fc.option(fc.nat(4), { nil: undefined }))
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 3 }), bytes, (expects, all) => {
        const isThere = expects.every(([text, at]) =>
          at === undefined ? all.includes(text) : all.startsWith(text, at),
        )
        const steps = [PING, ...expects.map(([text, at]) => expected(text, at))]
        expect(answered(steps, all).startsWith('+')).toBe(isThere)
      }),
    )
  })
})

describe('a backend of a script check', () => {
  const check = script(PING, expected('+PONG'))

  it('a backend that is silent, resets or closes fails a script check with L7TOUT or L7RSP', async () => {
    const brief = { timeoutMs: BRIEF_MS }
    const silent = await serving((socket) => socket.write('-BUSY'))
    expect(await told(check, targetAt(silent, brief))).toMatch(/^L7TOUT \(expected "\+PONG", got /)
    const resetting = await serving((socket) => socket.once('data', () => socket.resetAndDestroy()))
    expect(await told(check, targetAt(resetting))).toBe('L7RSP (ECONNRESET)')
    const closing = await serving((socket) => socket.once('data', () => socket.end('-ERR')))
    expect(await told(check, targetAt(closing))).toBe(
      'L7RSP (closed by the backend: expected "+PONG", got "-ERR")',
    )
  })

  it('a backend that floods a script check fails it with L7RSP after 16 KiB', async () => {
    const flooding = (fill: string) =>
      serving((socket) =>
        socket.once('data', () =>
          socket.write(Buffer.concat([Buffer.alloc(16 * 1024, '.'), Buffer.from(fill)])),
        ),
      )
    expect(await told(check, targetAt(await flooding('+PONG')))).toMatch(
      /^L7RSP \(too many bytes: expected "\+PONG", got "\.+…"\)$/,
    )
  })
})
