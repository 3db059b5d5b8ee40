// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../src/errors.js'
import { good, load, problemsOf } from './config-file.js'

describe('loadConfigFile with files that are built to be expensive', () => {
  it.each<[string, string, RegExp]>([
    [
      '100,000 opening brackets',
      '['.repeat(100_000),
      /^1:\d+ this is nested more than 32 levels deep: use fewer levels$/,
    ],
    [
      '100,000 closed brackets',
      '['.repeat(100_000) + ']'.repeat(100_000),
      /^1:\d+ this is nested more than 32 levels deep: use fewer levels$/,
    ],
    [
      '100,000 maps in one another',
      '{"a":'.repeat(100_000),
      /^1:\d+ this is nested more than 32 levels deep: use fewer levels$/,
    ],
    [
      '100,000 lists on one line',
      '- '.repeat(100_000),
      /^1:\d+ this is nested more than 32 levels deep: use fewer levels$/,
    ],
    [
      '1000 indented maps',
      Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      /nested more than 32 levels deep: use fewer levels$/,
    ],
    [
      'a million commas',
      `[${','.repeat(1_000_000)}`,
      /^1:\d+ the file has more than 100000 tokens: is it the right file\?$/,
    ],
    [
      'half a million escapes',
      `"${'\\q'.repeat(500_000)}"`,
      /^1:1 a value, comment or blank here has more than 16384 characters: make it shorter$/,
    ],
    [
      'a million spaces',
      ' '.repeat(1_000_000),
      /^1:1 a value, comment or blank here has more than 16384 characters: make it shorter$/,
    ],
  ])('a config file with %s is refused at once with one problem', (_, content, problem) => {
    const problems = problemsOf(content)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(problem)
  })

  it('a config file whose aliases stand for billions of values is refused at once', () => {
    const lines = Array.from(
      { length: 9 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(', ')}]`,
    )
    const problems = problemsOf(['a0: &a0 [x, x, x, x, x, x, x, x, x, x]', ...lines].join('\n'))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/aliases make more than 100000 values of this file: use fewer$/)
  })

  it.each([
    ['a long text', 'x'.repeat(16_000)],
    ['unclosed references', '${'.repeat(8000)],
    ['large variables', '${BIG}'.repeat(2000)],
  ])('a config file whose aliases repeat %s tens of thousands of times is refused at once', (_, text) => {
    const backends = Array(200).fill('*text').join(', ')
    const clusters = Array.from({ length: 200 }, (_, i) => `  c${i}: *cluster\n`).join('')
    const content = `name: &text "${text}"\nfirst: &cluster { backends: [${backends}] }\nclusters:\n${clusters}`
    expect(problemsOf(content, { BIG: 'x'.repeat(100_000) }).length).toBeGreaterThan(0)
  })

  it('a config file whose aliases nest 5000 times is refused at once', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`)
    const problems = problemsOf(['a0: &a0 x', ...lines].join('\n'))
    expect(problems.some((problem) => problem.includes('aliases nest this more than 32 levels deep'))).toBe(
      true,
    )
  })

  it('a config file with 10,000 backends is accepted', () => {
    const backends = Array.from({ length: 10_000 }, (_, i) => `      - 10.0.${i >> 8}.${i & 255}:80\n`)
    const content = `listeners: [{ address: "127.0.0.1:1", cluster: pg }]\nclusters:\n  pg:\n    backends:\n${backends.join('')}`
    expect(load(content).clusters.pg?.backends).toHaveLength(10_000)
  })

  it('a config file with 6000 unknown keys and clusters gets 6000 problems', () => {
    const listeners = Array.from(
      { length: 3000 },
      (_, i) => `  - { address: "127.0.0.1:${i + 1}", cluster: x${i} }\n`,
    )
    const keys = Array.from({ length: 3000 }, (_, i) => `key${i}: 1\n`)
    const content = `${keys.join('')}listeners:\n${listeners.join('')}clusters: { pg: { backends: ["a:1"] } }\n`
    expect(problemsOf(content)).toHaveLength(6000)
  })
})

describe('loadConfigFile with garbage', () => {
  const pieces = [
    '[',
    ']',
    '{',
    '}',
    ':',
    ',',
    '-',
    '?',
    '&a',
    '*a',
    '!',
    '!!str ',
    '|',
    '>',
    "'",
    '"',
    '%',
    '@',
    '`',
    ' ',
    '\n',
    '\n  ',
  ]
  const words = [
    '\t',
    'a',
    '1',
    '#',
    '<<',
    ': ',
    '- ',
    '---\n',
    '...\n',
    '\r\n',
    '\\',
    '${',
    '${A}',
    '${A:-b}',
    '\uFEFF',
    '\u2028',
    '😀',
  ]
  const known = [
    'listeners',
    'clusters',
    'backends',
    'address',
    'cluster',
    'timeouts',
    'log',
    '127.0.0.1:1',
    'pg',
    '.nan',
    '1e99',
    'null',
    '~',
  ]
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(fc.constantFrom(...pieces, ...words, ...known), { maxLength: 120 })
      .map((parts) => parts.join('')),
    fc.json().map((json) => json.replaceAll('"a', '"listeners')),
  )

  it('a config file of random bytes is refused with a MillraceError that has a problem', () => {
    fc.assert(
      fc.property(garbage, (content) => {
        expect(problemsOf(content, { A: '[' }).length).toBeGreaterThan(0)
      }),
      { numRuns: 1500 },
    )
  })

  it('a config file with random edits is either accepted or refused with a MillraceError', () => {
    const edit = fc.tuple(fc.nat(good.length), fc.nat(8), fc.constantFrom('', ...pieces, ...words, ...known))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const content = edits.reduce(
          (text, [at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length),
          good,
        )
        try {
          expect(load(content, { A: '1' }).listeners.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError)
          expect((error as MillraceError).problems.length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 1500 },
    )
  })
})
