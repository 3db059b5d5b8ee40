/**
 * Conditions of HAProxy (`if`, `unless`, ACLs) → alternatives, each of which is a list of facts that must all hold. What millrace
 * cannot ask is told as a text. Pure.
 */

export type FactKind = 'source' | 'sni' | 'alpn' | 'speaks' | 'connections' | 'rate' | 'always' | 'never'

export interface Fact {
  readonly kind: FactKind
  readonly isNegated: boolean
  /** As a route takes them. Of `connections` and `rate`: the most that are allowed, then the seconds of a rate. */
  readonly values: readonly string[]
  /** Files of addresses. Only of `source`. */
  readonly files: readonly string[]
}

export type Conjunction = readonly Fact[]
/** Alternatives, or why millrace cannot ask this. */
export type Condition = readonly Conjunction[] | string

/** Each ACL has the facts of all its lines: one of them must hold. */
export type Acls = ReadonlyMap<string, readonly (Fact | string)[]>

/** More alternatives than any config needs. */
const MOST_ALTERNATIVES = 64

const fact = (kind: FactKind, values: readonly string[] = [], files: readonly string[] = []): Fact => ({
  kind,
  isNegated: false,
  values,
  files,
})

const PREDEFINED: ReadonlyMap<string, Fact> = new Map([
  ['TRUE', fact('always')],
  ['FALSE', fact('never')],
  ['WAIT_END', fact('always')],
  ['REQ_CONTENT', fact('always')],
  ['HTTP', fact('speaks', ['http'])],
  ['RDP_COOKIE', fact('speaks', ['rdp'])],
  ['LOCALHOST', fact('source', ['127.0.0.0/8', '::1'])],
])

/** The words behind `if` or `unless`. */
export function readCondition(words: readonly string[], acls: Acls): Condition {
  const [word] = words
  if (word === undefined) return [[]]
  if (word !== 'if' && word !== 'unless') return `"${word}" is not "if" or "unless"`
  const condition = readAlternatives(words.slice(1), acls)
  return word === 'if' || typeof condition === 'string' ? condition : negated(condition)
}

/** The words behind the name of an `acl`. */
export function readFact(words: readonly string[]): Fact | string {
  const [fetch = '', ...rest] = words
  const { flags, files, values } = flagsOf(rest)
  const name = fetch.replace(/\(.*/s, '').toLowerCase().replace(/_-m$/, '')
  const how = flags.get('-m') ?? ''
  if (name === 'src' && how !== 'str') return fact('source', values, files)
  if (files.length > 0)
    return `"${fetch} -f" reads a file, and millrace reads files only of addresses: use a route with "map"`
  if (/^(req[._]ssl_sni|ssl_fc_sni(_end)?)$/.test(name))
    return sniFact(values, name.endsWith('_end') ? 'end' : how)
  if (/^(req[._]ssl_alpn|ssl_fc_alpn)$/.test(name) && how === '') return fact('alpn', values)
  if (/^(req[._]ssl_hello_type|req[._]ssl_ver|ssl_fc)$/.test(name)) return fact('speaks', ['tls'])
  if (name === 'req.proto_http' || name === 'req_proto_http') return fact('speaks', ['http'])
  if (/^(req[._]rdp_cookie|rdp_cookie)(_cnt)?$/.test(name)) return fact('speaks', ['rdp'])
  if (name === 'req.payload' || name === 'payload') return payloadFact(fetch, values, how)
  if (/^(src|sc\d?)_conn_(cur|rate)$/.test(name)) return countFact(name, values)
  if (name === 'always_true') return fact('always')
  if (name === 'always_false') return fact('never')
  return `millrace has no condition "${fetch}"`
}

function readAlternatives(words: readonly string[], acls: Acls): Condition {
  let alternatives: Conjunction[] = []
  let current: Conjunction[] = [[]]
  for (let at = 0; at < words.length; at++) {
    let word = words[at]!
    if (word === 'or' || word === '||') {
      alternatives = [...alternatives, ...current]
      current = [[]]
      continue
    }
    let isNegated = false
    while (word.startsWith('!')) {
      isNegated = !isNegated
      word = word.length > 1 ? word.slice(1) : (words[++at] ?? '')
    }
    let facts: readonly (Fact | string)[]
    if (word === '{') {
      const end = words.indexOf('}', at)
      if (end === -1) return 'a "{" is not closed'
      facts = [readFact(words.slice(at + 1, end))]
      at = end
    } else facts = acls.get(word) ?? [PREDEFINED.get(word) ?? `there is no ACL "${word}"`]
    const unknown = facts.find((each) => typeof each === 'string')
    if (unknown !== undefined) return unknown
    current = combined(current, facts as readonly Fact[], isNegated)
    if (current.length + alternatives.length > MOST_ALTERNATIVES) return 'it has too many alternatives'
  }
  return simplified([...alternatives, ...current])
}

/** Each of these and one of the facts, or if they are negated none of them. */
function combined(
  current: readonly Conjunction[],
  facts: readonly Fact[],
  isNegated: boolean,
): Conjunction[] {
  if (!isNegated) return facts.flatMap((each) => current.map((conjunction) => [...conjunction, each]))
  const opposite = facts.map((each) => ({ ...each, isNegated: !each.isNegated }))
  return current.map((conjunction) => [...conjunction, ...opposite])
}

/** Facts that always hold say nothing, and alternatives that never hold are none. */
function simplified(alternatives: readonly Conjunction[]): Conjunction[] {
  const isTrue = ({ kind, isNegated }: Fact): boolean => kind === (isNegated ? 'never' : 'always')
  const isFalse = ({ kind, isNegated }: Fact): boolean => kind === (isNegated ? 'always' : 'never')
  return alternatives
    .filter((conjunction) => !conjunction.some(isFalse))
    .map((conjunction) => conjunction.filter((each) => !isTrue(each)))
}

/** Only one fact, or one of each alternative, can be turned round. */
function negated(alternatives: readonly Conjunction[]): Condition {
  if (alternatives.some((conjunction) => conjunction.length !== 1))
    return 'millrace cannot ask for the opposite of several conditions'
  return [alternatives.map(([only]) => ({ ...only!, isNegated: !only!.isNegated }))]
}

function flagsOf(words: readonly string[]): {
  readonly flags: ReadonlyMap<string, string>
  readonly files: readonly string[]
  readonly values: readonly string[]
} {
  const flags = new Map<string, string>()
  const files: string[] = []
  let at = 0
  for (; at < words.length && words[at]!.startsWith('-'); at++) {
    const flag = words[at]!
    if (flag === '--') return { flags, files, values: words.slice(at + 1) }
    if (flag === '-f') files.push(words[++at] ?? '')
    else if (flag === '-m' || flag === '-M' || flag === '-u') flags.set(flag, words[++at] ?? '')
  }
  return { flags, files, values: words.slice(at) }
}

/** `-m end .example.com` is any name below example.com. */
function sniFact(values: readonly string[], how: string): Fact | string {
  if (how === 'end' || how === 'dom') {
    return values.every((value) => value.startsWith('.'))
      ? fact(
          'sni',
          values.map((value) => `**${value}`),
        )
      : `"-m ${how}" compares parts of labels: write a name pattern such as **.example.com`
  }
  return how === '' || how === 'str'
    ? fact('sni', values)
    : `"-m ${how}" compares parts of names: write a name pattern such as *.example.com`
}

function payloadFact(fetch: string, values: readonly string[], how: string): Fact | string {
  const fromStart = /\(\s*0\s*,/.test(fetch)
  const hex = how === 'bin' && values.every((value) => /^([\da-f]{2}){1,64}$/i.test(value))
  if (!fromStart || !hex) return 'millrace compares only the first bytes, given in hex (-m bin)'
  return fact(
    'speaks',
    values.map((value) => `hex:${value.toLowerCase()}`),
  )
}

/** `gt 10` allows 10. `ge 10` allows 9, because the connection counts itself. */
function countFact(name: string, values: readonly string[]): Fact | string {
  const [operator = '', digits = ''] = values
  const most = Number(digits) - (operator === 'ge' ? 1 : 0)
  if (!['gt', 'ge'].includes(operator) || !Number.isInteger(most) || most < 1)
    return `millrace can only limit what is above a number: "${name} gt NUMBER"`
  return fact(name.endsWith('_cur') ? 'connections' : 'rate', [String(most)])
}
