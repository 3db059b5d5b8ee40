import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration, parseSize } from '../../src/config/units.js'

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['5000', 5000],
    ['250ms', 250],
    ['5s', 5000],
    ['1.5s', 1500],
    ['1.001s', 1001],
    ['0.5m', 30_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['2.0ms', 2],
  ])('parseDuration reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    '',
    ' ',
    's',
    '-5s',
    '+5s',
    '5 s',
    '5S',
    '5sec',
    '1h30m',
    '.5s',
    '5.s',
    '1e3',
    'Infinity',
    '0x10',
    '5s\n',
    '٣s',
  ])('parseDuration says that %j is not a duration', (text) => {
    expect(parseDuration(text)).toBe(
      `${JSON.stringify(text)} is not a duration: write 250ms, 5s, 10m, 1h, 1d, or a number of milliseconds`,
    )
  })

  it('parseDuration refuses a fraction of a millisecond instead of rounding it', () => {
    expect(parseDuration('0.5ms')).toBe(
      '"0.5ms" is not a whole number of milliseconds: write one, such as 1500ms',
    )
    expect(parseDuration('1.0001s')).toBe(
      '"1.0001s" is not a whole number of milliseconds: write one, such as 1500ms',
    )
  })

  it('parseDuration is exact for every whole number in any unit', () => {
    const unit = fc.constantFrom(
      ['ms', 1] as const,
      ['s', 1000] as const,
      ['m', 60_000] as const,
      ['h', 3_600_000] as const,
    )
    fc.assert(
      fc.property(fc.nat(1_000_000), unit, (count, [name, ms]) => {
        expect(parseDuration(`${count}${name}`)).toBe(count * ms)
      }),
    )
  })

  it('parseDuration reads seconds with three decimals as exactly those milliseconds', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000), (ms) => {
        const text = `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}s`
        expect(parseDuration(text)).toBe(ms)
      }),
    )
  })
})

describe('parseSize', () => {
  it.each([
    ['65536', 65_536],
    ['65536B', 65_536],
    ['64KiB', 65_536],
    ['64kib', 65_536],
    ['0.5MiB', 524_288],
    ['1MiB', 1_048_576],
    ['1GiB', 1_073_741_824],
    ['100KB', 100_000],
    ['100kB', 100_000],
    ['1MB', 1_000_000],
    ['1GB', 1_000_000_000],
  ])('parseSize reads %s as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  it.each(['', 'KiB', '-1KiB', '64 KiB', '64K', '64Ki', '64KiBs', '1e6'])(
    'parseSize says that %j is not a size',
    (text) => {
      expect(parseSize(text)).toBe(
        `${JSON.stringify(text)} is not a size: write 64KiB, 1MiB, 100KB, or a number of bytes`,
      )
    },
  )

  it('parseSize refuses a fraction of a byte instead of rounding it', () => {
    expect(parseSize('0.0001KiB')).toBe('"0.0001KiB" is not a whole number of bytes: write one, such as 1536')
  })
})

describe('parseDuration and parseSize', () => {
  it('parseDuration and parseSize return a whole number from 0 or a sentence for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^\d{0,20}\.?\d{0,12}[a-zA-Z]{0,4}$/),
    )
    fc.assert(
      fc.property(text, (input) => {
        for (const result of [parseDuration(input), parseSize(input)]) {
          if (typeof result === 'string') expect(result).not.toBe('')
          else expect(Number.isInteger(result) && result >= 0).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
