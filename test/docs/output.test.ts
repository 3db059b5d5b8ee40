import { expect, it } from 'vitest'
import { patternOf, withoutNumbers } from './output.js'

const isShownBy = (printed: string, lines: string[]): boolean =>
  patternOf(lines).test(`${withoutNumbers(printed)}\n`)

it('numbers, times, sizes and ids of a page may differ from those that a command prints', () => {
  expect(isShownBy('killed 12, 4m 5s, 1.5 KB/s\n', ['killed 2, 300ms, 12 B/s'])).toBe(true)
  expect(isShownBy('01M87988JM5TYDTWMM23RD6MFR  up\n', ['01M8MNYKZXA9VPGPRQGRYR0RQK up'])).toBe(true)
})

it('words and lines of a page may not differ from those that a command prints', () => {
  expect(isShownBy('killed 2 of 3\n', ['killed 2'])).toBe(false)
  expect(isShownBy('a\nb\n', ['a'])).toBe(false)
})

it('an ellipsis on a page stands for text of a line, or for whole lines', () => {
  expect(isShownBy('{"a":1,"b":2,"c":3}\n', ['{"a":1,…"c":3}'])).toBe(true)
  expect(isShownBy('a 1 2 b\n', ['a … b'])).toBe(true)
  expect(isShownBy('a b\n', ['a … b'])).toBe(true)
  expect(isShownBy('head\na\nb\nlast\n', ['head', '…', 'last'])).toBe(true)
  expect(isShownBy('head\nlast\n', ['…', 'other'])).toBe(false)
})
