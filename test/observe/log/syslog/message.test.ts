/** Messages of syslog keep to the grammar of RFC 5424, whatever the line is. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cut, headerOf } from '../../../../src/observe/log/syslog/message.js'
import { parseSyslog } from './grammar.js'

const line = fc.oneof(fc.string({ unit: 'binary' }), fc.json())

it('a message has each field of RFC 5424, and its text is the line', () => {
  const facility = fc.integer({ min: 0, max: 23 })
  const severity = fc.integer({ min: 0, max: 7 })
  const id = fc.constantFrom('connection', 'open', 'log')
  const time = fc.integer({ min: 0, max: 4e12 })
  fc.assert(
    fc.property(facility, severity, id, time, line, (facility, severity, id, time, text) => {
      const message = parseSyslog(Buffer.from(headerOf(facility, severity, id, time) + text))
      expect(message).toEqual({
        facility,
        severity,
        time: new Date(time).toISOString(),
        hostname: expect.any(String),
        name: 'millrace',
        pid: String(process.pid),
        id,
        text: Buffer.from(text).toString(),
      })
    }),
  )
})

it('a message that is cut has at most so many bytes, and no part of a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(100), (text, most) => {
      const bytes = cut(Buffer.from(text), most)
      expect(bytes.length).toBeLessThanOrEqual(most)
      expect(bytes.length).toBeGreaterThan(Math.min(most, Buffer.byteLength(text)) - 4)
      expect(text.startsWith(bytes.toString())).toBe(true)
    }),
  )
})
