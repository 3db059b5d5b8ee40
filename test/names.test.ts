/** Host names: each has one spelling, and the most specific pattern comes first. */
import { describe, expect, it } from 'vitest'
import { explainNamePattern, NameTable, normalizeName } from '../src/names.js'

describe('normalizeName', () => {
  it.each([
    ['a.test', 'a.test'],
    ['A.TEST', 'a.test'],
    ['a.test.', 'a.test'],
    ['_dmarc.a-b.test', '_dmarc.a-b.test'],
    ['localhost', 'localhost'],
    ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
    ['1.2.3', '1.2.3'],
  ])('normalizeName turns %s into %s', (text, name) => {
    expect(normalizeName(text)).toBe(name)
  })

  it.each([
    '',
    '.',
    'a..b',
    'a.test..',
    '.a',
    '-a.test',
    'a-.test',
    'a b',
    'a/b',
    'a\0',
    'a:1',
    '*.a.test',
    '127.0.0.1',
    '::1',
    'bücher.test',
    '\u212Aey.test',
    `${'a'.repeat(64)}.test`,
    `${'a.'.repeat(127)}`,
  ])('normalizeName does not accept %j as it is', (text) => {
    const isLong = text === 'a.'.repeat(127)
    expect(normalizeName(text)).toBe(isLong ? text.slice(0, -1) : undefined)
  })
})

describe('explainNamePattern', () => {
  it.each(['a.test', '*.a.test', '*', 'A.test.', '*.test', '**.a.test', '**.Test.'])(
    'explainNamePattern accepts %s',
    (pattern) => {
      expect(explainNamePattern(pattern)).toBeUndefined()
    },
  )

  it.each([
    ['*a.test', /whole first label/],
    ['a.*.test', /whole first label/],
    ['a.**.test', /whole first label/],
    ['**a.test', /whole first label/],
    ['***.test', /whole first label/],
    ['**', /for any name/],
    ['**.', /not a host name/],
    ['**.*.test', /not a host name/],
    ['*.**.test', /not a host name/],
    ['*.*.test', /not a host name|whole first label/],
    ['', /not a host name/],
    ['a b', /not a host name/],
    ['*.', /not a host name/],
    ['10.0.0.1', /IP address/],
    ['::1', /IP address/],
  ])('explainNamePattern explains what is wrong with %j', (pattern, why) => {
    expect(explainNamePattern(pattern)).toMatch(why)
  })
})

describe('a name table', () => {
  const table = new NameTable<string>()
  table.add('*', 'any')
  table.add('*.a.test', 'wild')
  table.add('WWW.a.test.', 'exact')
  table.add('www.a.test', 'second')
  table.add('*.TEST', 'top')

  it.each([
    ['www.a.test', ['exact', 'second', 'wild', 'any']],
    ['x.a.test', ['wild', 'any']],
    ['a.test', ['top', 'any']],
    ['x.y.a.test', ['any']],
    ['test', ['any']],
    ['constructor', ['any']],
    ['__proto__', ['any']],
    [undefined, ['any']],
  ])('a name table finds the most specific patterns for %s first', (name, values) => {
    expect(table.find(name)).toEqual(values)
  })

  const deep = new NameTable<string>()
  deep.add('*', 'any')
  deep.add('**.test', 'top')
  deep.add('**.A.test.', 'deep')
  deep.add('*.a.test', 'wild')
  deep.add('x.a.test', 'exact')

  it.each([
    ['x.a.test', ['exact', 'wild', 'deep', 'top', 'any']],
    ['y.a.test', ['wild', 'deep', 'top', 'any']],
    ['z.y.a.test', ['deep', 'top', 'any']],
    ['1.2.3.4.5.6.a.test', ['deep', 'top', 'any']],
    ['a.test', ['top', 'any']],
    ['test', ['any']],
    ['ba.test', ['top', 'any']],
    ['a.test.example', ['any']],
    [undefined, ['any']],
  ])('a name table finds `*.` before `**.` for %s, and the longest `**.` first', (name, values) => {
    expect(deep.find(name)).toEqual(values)
  })
})
