// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax under test
import { describe, expect, it } from 'vitest'
import { good, problemsOf } from './config-file.js'

describe('the problems of loadConfigFile', () => {
  it('loadConfigFile reports all problems at once, in the order of the file', () => {
    const content = `splice: fast
workers: 0
listners: []
listeners:
  - name: a b
    clustr: pg
  - { address: "localhost:80", cluster: pgg }
  - { address: "127.0.0.1:80", cluster: *nowhere }
clusters:
  pg:
    backends:
      - 10.0.0.5:99999
      - \${NOPE}:80
      - { address: "10.0.0.6:80", weight: 1.5 }
  pg: 5
  "a b": {}
log:
  level: info
  level: debug
`
    expect(problemsOf(content)).toEqual([
      '1:9 splice: expected one of "auto", "on", "off", found "fast"',
      '2:10 workers: expected "auto" or a whole number from 1 to 256, found 0',
      '3:1 listners: unknown key; did you mean "listeners"?',
      '5:5 listeners[0].address: is missing: expected an address, such as 127.0.0.1:7000',
      '5:5 listeners[0].cluster: is missing: expected the name of a cluster, or routes',
      '5:11 listeners[0].name: expected a name of 1 to 63 letters, digits, "_", ".", ":" or "-" that begins with a letter or digit, found "a b"',
      '6:5 listeners[0].clustr: unknown key; did you mean "cluster"?',
      '7:41 listeners[1].cluster: there is no cluster "pgg"; did you mean "pg"?',
      '8:16 listeners[2].address: 127.0.0.1:80 is already used at listeners[1].address: write another address',
      '8:41 listeners[2].cluster: there is no anchor &nowhere before this alias: add it, or write the value here',
      '12:9 clusters.pg.backends[0]: port 99999 is too high: write one from 0 to 65535',
      '13:9 clusters.pg.backends[1]: environment variable NOPE is not set: set it, or write a default as in ${NAME:-default}',
      '14:43 clusters.pg.backends[2].weight: expected a whole number from 0 to 1000, found 1.5',
      '15:3 clusters.pg: this key is here twice: remove one',
      '16:3 clusters["a b"]: expected a name of 1 to 63 letters, digits, "_", ".", ":" or "-" that begins with a letter or digit, found "a b"',
      '16:10 clusters["a b"].backends: is missing: expected a list of backends, or "dial"',
      '19:3 log.level: this key is here twice: remove one',
    ])
  })

  it.each<[string, string, string[]]>([
    ['an empty file', '', ['1:1 expected a map with listeners and clusters, found nothing']],
    ['only comments', '# hello\n', ['1:1 expected a map with listeners and clusters, found nothing']],
    ['a list at the top', '- a\n', ['1:1 expected a map with listeners and clusters, found a list']],
    ['a text at the top', 'hello\n', ['1:1 expected a map with listeners and clusters, found "hello"']],
    ['a tab as indentation', 'listeners:\n\t- a\n', ['2:1 Tabs are not allowed as indentation']],
    [
      'a second document',
      `${good}---\nsplice: off\n`,
      ['13:1 a second YAML document begins here: remove it, because a config is one document'],
    ],
    [
      'a merge key',
      `${good}log:\n  <<: { level: info }\n`,
      ['14:3 log["<<"]: merge keys are not supported: use an alias for a whole value'],
    ],
    [
      'the key __proto__',
      `${good}log: { __proto__: 1 }\n`,
      ['13:8 log.__proto__: this key is not allowed: remove it'],
    ],
    ['an unknown tag', 'splice: !mode on\n', ['1:9 Unresolved tag: !mode']],
    ['a binary', 'splice: !!binary aGVsbG8=\n', ['1:9 Unresolved tag: tag:yaml.org,2002:binary']],
    ['a list as a key', '? [a]\n: b\n', ['1:3 a key must be text: put it in quotes']],
    ['an unclosed quote', 'splice: "on\n', ['2:1 Missing closing "quote']],
    ['an unclosed bracket', '{"splice": "on"', ['1:16 Flow map must end with a }']],
    [
      'an IPv6 address without quotes',
      'listeners:\n  - address: [::1]:80\n    cluster: pg\n',
      ['2:19 Unexpected scalar at node end; write the address in quotes: "[::1]:80"'],
    ],
    [
      'a variable in a flow map without quotes',
      'log: { level: ${LEVEL}, access: true }\n',
      ['1:16 Unexpected flow-map-start at node end; inside { } and [ ], write ${…} in quotes'],
    ],
    [
      'a control character',
      'splice: "o\x02n"\n',
      ['1:11 control character U+0002 is not allowed: remove it'],
    ],
    [
      'an alias to itself',
      `${good}log: &a { level: *a }\n`,
      ['13:18 log.level: the alias *a is inside its own anchor: write the value here'],
    ],
  ])('loadConfigFile says what is wrong with %s', (_, content, problems) => {
    expect(problemsOf(content)).toEqual(problems)
  })

  it('loadConfigFile says where a file stops being UTF-8', () => {
    expect(problemsOf(Buffer.from('splice: on\na: b\xff\n', 'latin1'))).toEqual([
      '2:5 the file is not UTF-8 from here on: save it as UTF-8',
    ])
    expect(problemsOf(Buffer.from(`\uFEFF${good}`, 'utf16le'))).toEqual([
      '1:1 the file is not UTF-8 from here on: save it as UTF-8',
    ])
  })

  it('loadConfigFile reports one syntax error per line and stops after twenty', () => {
    const problems = problemsOf('- "a" "b" "c"\n'.repeat(1000))
    expect(problems).toHaveLength(21)
    expect(problems[1]).toMatch(/^2:/)
    expect(problems[20]).toBe('21:7 there are more syntax errors: correct the ones above first')
  })
})
