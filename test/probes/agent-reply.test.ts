import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAgentReply } from '../../src/probes/agent-reply.js'

describe('parseAgentReply()', () => {
  it.each([
    ['up', { isUp: true }],
    ['down', { isUp: false }],
    ['fail', { isUp: false }],
    ['stopped', { isUp: false }],
    ['ready', { admin: 'ready' }],
    ['drain', { admin: 'drain' }],
    ['maint', { admin: 'maint' }],
    ['75%', { weightPercent: 75 }],
    ['weight:75%', { weightPercent: 75 }],
    ['150%', { weightPercent: 150 }],
    ['weight:20', { weight: 20 }],
    ['weight:0', { weight: 0 }],
    ['weight:1000', { weight: 1000 }],
    ['maxconn:30', { maxConnections: 30 }],
    ['maxconn:0', {}],
    ['maxconn:99999999999', { maxConnections: 10_000_000 }],
    ['maxconn:-1', {}],
    ['maxconn:2.5', {}],
    ['', {}],
    ['READY Up WEIGHT:5%', { admin: 'ready', isUp: true, weightPercent: 5 }],
    ['75%,maxconn:30,maint,down', { weightPercent: 75, maxConnections: 30, admin: 'maint', isUp: false }],
    [' ,\tup , \t50% ,', { isUp: true, weightPercent: 50 }],
  ])('millrace reads the agent answer %j as HAProxy does', (text, said) => {
    expect(parseAgentReply(`${text}\n`)).toEqual(said)
  })

  it.each([
    'weight:1001',
    'weight:-1',
    'weight:',
    'weight:5x',
    '20',
    '-5%',
    '5.5%',
    '5%5',
    'upp',
    'u p',
    'constructor',
  ])('millrace ignores %j in the answer of an agent', (text) => expect(parseAgentReply(text)).toEqual({}))

  it('millrace reads only the first line of an agent, which ends with CR or LF', () => {
    expect(parseAgentReply('up\rdown\n')).toEqual({ isUp: true })
    expect(parseAgentReply('up\ndown\n')).toEqual({ isUp: true })
    expect(parseAgentReply('\nup\n')).toEqual({})
  })

  it('the last word of a kind that an agent says holds', () => {
    expect(parseAgentReply('up down drain ready 5% 7%')).toEqual({
      isUp: false,
      admin: 'ready',
      weightPercent: 7,
    })
    expect(parseAgentReply('5% weight:7')).toEqual({ weight: 7 })
    expect(parseAgentReply('weight:7 5%')).toEqual({ weightPercent: 5 })
    expect(parseAgentReply('weight:7 weight:9999')).toEqual({ weight: 7 })
  })

  it('millrace takes the text behind # as the reason, and no words from it', () => {
    expect(parseAgentReply('down #disk full, up\n')).toEqual({ isUp: false, reason: 'disk full, up' })
    expect(parseAgentReply('down,# # 50%')).toEqual({ isUp: false, reason: '# 50%' })
    expect(parseAgentReply('#only a reason')).toEqual({ reason: 'only a reason' })
    expect(parseAgentReply('down #')).toEqual({ isUp: false })
  })

  it('a # within a word of an agent begins no reason, as in HAProxy', () => {
    expect(parseAgentReply('down#disk full')).toEqual({})
  })

  it('the reason of an agent has no control characters and at most 200 characters', () => {
    expect(parseAgentReply('#a\x1b[31m\u202eb\tc').reason).toBe('a?[31m?b?c')
    expect(parseAgentReply(`#${'x'.repeat(5000)}`).reason).toHaveLength(200)
  })

  it('a percentage of an agent is capped at what turns weight 1 into the highest weight', () => {
    expect(parseAgentReply(`${'9'.repeat(400)}%`)).toEqual({ weightPercent: 100_000 })
  })

  it('the words of an agent mean the same in any order and with any dividers', () => {
    const word = fc.constantFrom('up', 'maint', '30%', 'maxconn:4', 'nonsense')
    const divider = fc.stringMatching(/^[ \t,]{1,4}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(word, divider)), (words) => {
        const all = words.map(([each]) => each)
        const { isUp, admin, weightPercent } = parseAgentReply(words.flat().join(''))
        expect(isUp).toBe(all.includes('up') ? true : undefined)
        expect(admin).toBe(all.includes('maint') ? 'maint' : undefined)
        expect(weightPercent).toBe(all.includes('30%') ? 30 : undefined)
      }),
    )
  })

  it('any text of an agent is read, and gives only values in their ranges', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('weight:', '%', '#', ' ', ',', '\r', '\n', 'up', '999999'),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const { weight = 0, weightPercent = 0, reason = '' } = parseAgentReply(parts.join(''))
        expect(weight >= 0 && weight <= 1000).toBe(true)
        expect(weightPercent >= 0 && weightPercent <= 100_000).toBe(true)
        expect(reason).not.toMatch(/[\p{C}]/u)
        expect(reason.length).toBeLessThanOrEqual(200)
      }),
    )
  })
})
