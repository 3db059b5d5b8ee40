// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { substitute } from '../../../src/config/text/environment.js'

const environment = { HOST: '10.0.0.5', PORT: '80', EMPTY: '', NESTED: '${HOST}', _x1: 'y', UNSET: undefined }

describe('substitute', () => {
  it.each([
    ['plain', 'plain'],
    ['${HOST}', '10.0.0.5'],
    ['${HOST}:${PORT}', '10.0.0.5:80'],
    ['${_x1}', 'y'],
    ['${NONE:-fallback}', 'fallback'],
    ['${NONE:-}', ''],
    ['${NONE:-a:-b $c}', 'a:-b $c'],
    ['${HOST:-fallback}', '10.0.0.5'],
    ['${EMPTY:-fallback}', 'fallback'],
    ['a${EMPTY}b', 'ab'],
    ['$${HOST}', '${HOST}'],
    ['$$${HOST}', '$${HOST}'],
    ['$HOST $ {HOST} $', '$HOST $ {HOST} $'],
  ])('substitute turns %s into %s', (text, expected) => {
    expect(substitute(text, environment)).toEqual({ text: expected, complaints: [] })
  })

  it('substitute replaces no reference in the value of a variable', () => {
    expect(substitute('${NESTED}', environment).text).toBe('${HOST}')
  })

  it.each([
    ['${NONE}', 'environment variable NONE is not set: set it, or write a default as in ${NAME:-default}'],
    ['${UNSET}', 'environment variable UNSET is not set: set it, or write a default as in ${NAME:-default}'],
    [
      '${toString}',
      'environment variable toString is not set: set it, or write a default as in ${NAME:-default}',
    ],
    [
      '${NONE:-{}}',
      'a "${" is not closed: add the closing brace. A default cannot hold braces. For a plain ${ write $${',
    ],
    [
      '${',
      'a "${" is not closed: add the closing brace. A default cannot hold braces. For a plain ${ write $${',
    ],
    [
      '${HOST',
      'a "${" is not closed: add the closing brace. A default cannot hold braces. For a plain ${ write $${',
    ],
    ['${}', 'expected ${NAME} or ${NAME:-default}, found "${}". For a plain ${ write $${'],
    ['${1A}', 'expected ${NAME} or ${NAME:-default}, found "${1A}". For a plain ${ write $${'],
    ['${A-b}', 'expected ${NAME} or ${NAME:-default}, found "${A-b}". For a plain ${ write $${'],
    ['${A:?b}', 'expected ${NAME} or ${NAME:-default}, found "${A:?b}". For a plain ${ write $${'],
  ])('substitute says what is wrong with %s', (text, complaint) => {
    expect(substitute(text, environment)).toEqual({ text, complaints: [complaint] })
  })

  it('substitute reports every bad reference once', () => {
    expect(substitute('${A}${HOST}${B}', environment).complaints).toHaveLength(2)
  })

  it('substitute refuses variables that add more than 16384 characters to a value', () => {
    const { text, complaints } = substitute('${BIG}'.repeat(5000), { BIG: 'x'.repeat(10_000) })
    expect(text.length).toBeLessThan(100_000)
    expect(complaints).toEqual([
      'environment variables add more than 16384 characters to this value: use shorter ones',
    ])
  })

  it('substitute leaves every text without "${" as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('${'))
        expect(substitute(text, environment)).toEqual({ text, complaints: [] })
      }),
    )
  })
})
