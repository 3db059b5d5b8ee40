/** How foreign text is shown: all of it, but nothing that controls the terminal or changes the direction of text. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeJson, jsonText, visible } from '../src/escape.js'
import { UNSAFE_SAMPLES, unsafeIn } from './support/unsafe.js'

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...UNSAFE_SAMPLES, 'a', '"', '\\', 'é', '😀')).map((parts) => parts.join('')),
)

describe('text for people', () => {
  it('visible() leaves harmless text as it is', () => {
    expect(visible('näme-😀.example')).toBe('näme-😀.example')
  })

  it('visible() writes out characters that are invisible or change the direction of text', () => {
    expect(visible('a\u202eb\u200bc\td\u{e0041}')).toBe('a<U+202E>b<U+200B>c<U+0009>d<U+E0041>')
    expect(visible('\u001b[2J\u009b2J\n\u2028\ud83d')).toBe('<U+001B>[2J<U+009B>2J<U+000A><U+2028><U+D83D>')
  })

  it('visible() makes one safe line of any text', () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(visible(each)).not.toContain('\n')
        expect(unsafeIn(visible(each))).toEqual([])
      }),
    )
  })
})

describe('JSON', () => {
  it('jsonText() makes safe JSON that means the same', () => {
    fc.assert(
      fc.property(text, (each) => {
        const value = { [each]: [each] }
        expect(JSON.parse(jsonText(value))).toEqual(value)
        expect(unsafeIn(jsonText(value, 2))).toEqual([])
      }),
    )
  })

  it('escapeJson() leaves harmless JSON as it is', () => {
    expect(escapeJson('{"é":\n"😀\\u0000"}\n')).toBe('{"é":\n"😀\\u0000"}\n')
  })

  it('jsonText() escapes both halves of a surrogate pair', () => {
    expect(jsonText('\u{e0041}\u0085')).toBe('"\\udb40\\udc41\\u0085"')
  })
})
