/** What is shown of foreign text: everything of it, and nothing that steers what shows it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeJson, jsonText, visible } from '../src/escape.js'
import { UNSAFE_SAMPLES, unsafeIn } from './support/unsafe.js'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...UNSAFE_SAMPLES, 'a', '"', '\\', 'é', '😀')).map((parts) => parts.join('')),
)

describe('text for people', () => {
  it('is as it was where nothing of it steers anything', () => {
    expect(visible('näme-😀.example')).toBe('näme-😀.example')
  })

  it('has written out what cannot be seen or turns direction', () => {
    expect(visible('a\u202eb\u200bc\td\u{e0041}')).toBe('a<U+202E>b<U+200B>c<U+0009>d<U+E0041>')
    expect(visible('\u001b[2J\u009b2J\n\u2028\ud83d')).toBe('<U+001B>[2J<U+009B>2J<U+000A><U+2028><U+D83D>')
  })

  it('is one safe line, whatever is in it', () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(visible(each)).not.toContain('\n')
        expect(unsafeIn(visible(each))).toEqual([])
      }),
    )
  })
})

describe('JSON', () => {
  it('means the same escaped, and is safe', () => {
    fc.assert(
      fc.property(text, (each) => {
        const value = { [each]: [each] }
        expect(JSON.parse(jsonText(value))).toEqual(value)
        expect(unsafeIn(jsonText(value, 2))).toEqual([])
      }),
    )
  })

  it('is as it was where nothing of it is unsafe', () => {
    expect(escapeJson('{"é":\n"😀\\u0000"}\n')).toBe('{"é":\n"😀\\u0000"}\n')
  })

  it('has each half of a pair escaped', () => {
    expect(jsonText('\u{e0041}\u0085')).toBe('"\\udb40\\udc41\\u0085"')
  })
})
