/**
 * Names that millrace sends or compares: what is wrong with one, and what to write instead. Pure. It never
 * corrects a name silently, because a name with a port may be meant for another key.
 */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { isHostName } from '../../address.js'
import { endsInNumber, explainNamePattern, normalizeName } from '../../names.js'
import { quote, shorten } from '../wording.js'

/** Says what is wrong with a text. Undefined: nothing is wrong. */
export type Explain = (text: string) => string | undefined

/** A host together with what people copy along: scheme, user, port, path. */
const COPIED = /^(?:[a-z][a-z\d+.-]*:\/\/)?(?:[^/@]*@)?([^/:?#@]+)(?::\d*)?(?:[/?#].*)?$/i
const IN_BRACKETS = /^\[(.*)\](?::\d+)?$/
/** `1.2.3` is neither a host name nor an IPv4 address. */
const NUMBERS_ONLY = /^[\d.]+$/
const NOT_ASCII = /[^\0-\x7f]/
const NETWORK = /^[\da-f:.]+\/\d+$/i
const ONE_ADDRESS =
  'clients ask for one address, not for a network: write each address, or a name that has "networks"'
const NO_NAME =
  'a name that ends in a number is refused, because resolvers may read it as an address: write another name'
const ZONE = 'a zone means something on one machine only: write the address without it'
/** RFC 7301 section 3.1: a name is 1 to 255 bytes. Registered ones are visible ASCII. */
const PROTOCOL = /^[\x21-\x2b\x2d-\x7e]{1,255}$/

/** `tls.serverName`: a name that SNI can carry (RFC 6066 section 3). */
export const explainServerName: Explain = withHint((text) =>
  isAddress(text)
    ? 'an IP address cannot be a server name: remove serverName, and millrace checks the address of the backend'
    : explainName(text),
)

/** `routes[].sni` */
export const explainSniPattern: Explain = withHint((text) =>
  isAddress(text) ? 'clients send no IP address as a server name: write a host name' : explainPattern(text),
)

/** `routes[].host` */
export const explainHostPattern: Explain = withHint((text) =>
  isAddress(text) ? 'a route compares host names, not IP addresses: write a host name' : explainPattern(text),
)

/** `dial.allow[].name`: an address is allowed too. `check` refuses it where clients cannot ask for one. */
export const explainDialledName: Explain = (text) =>
  NETWORK.test(text) ? ONE_ADDRESS : explainNameOrAddress(text)

const explainNameOrAddress: Explain = withHint((text) => {
  if (isIP(text) !== 0) return text.includes('%') ? ZONE : undefined
  const isNumber = endsInNumber(text.toLowerCase().replace(/\.$/, ''))
  return explainPattern(text) ?? (isNumber ? NO_NAME : undefined)
})

/** `admin.hosts`: an address is allowed too. */
export const explainAdminHost: Explain = withHint((text) =>
  isIP(text) === 0 ? explainName(text) : undefined,
)

/** A name with SRV records. Labels may begin with `_` (RFC 2782). */
export const explainService: Explain = (text) =>
  isHostName(text) && isIP(text) === 0
    ? undefined
    : 'this is not the name of a service: write a name such as _postgresql._tcp.example.com'

/** A protocol name of ALPN. */
export const explainProtocol: Explain = (text) => {
  if (PROTOCOL.test(text)) return undefined
  const names = text.split(/[\s,]+/).filter((name) => PROTOCOL.test(name))
  return names.length > 1
    ? `write several protocols as a list: [${shorten(names.join(', '))}]`
    : 'expected 1 to 255 visible ASCII characters, such as h2 or http/1.1'
}

function explainName(text: string): string | undefined {
  if (NUMBERS_ONLY.test(text))
    return 'this is neither a host name nor an IPv4 address: write a name such as proxy.example.com'
  return normalizeName(text) === undefined
    ? 'this is not a host name: write a name such as proxy.example.com'
    : undefined
}

function explainPattern(text: string): string | undefined {
  const name = text.replace(/^\*+\./, '')
  return NUMBERS_ONLY.test(name) ? explainName(name) : explainNamePattern(text)
}

/** If a similar text is good, the sentence says to write that one. */
function withHint(explain: Explain): Explain {
  return (text) => {
    const wrong = explain(text)
    const meant = wrong === undefined ? undefined : candidates(text).find(({ name }) => isGood(name, text))
    return meant === undefined ? wrong : `write ${quote(meant.name)}, ${meant.how}`
  }
  function isGood(name: string, text: string): boolean {
    return name !== text && name !== '' && explain(name) === undefined
  }
}

function candidates(text: string): { readonly name: string; readonly how: string }[] {
  const plain = text.trim()
  const bare = COPIED.exec(plain)?.[1] ?? withoutBrackets(plain)
  const ascii = NOT_ASCII.test(bare) ? domainToASCII(bare) : ''
  return [
    { name: plain, how: 'without spaces around it' },
    { name: bare, how: 'without scheme, port and path' },
    { name: ascii, how: 'which is its form in ASCII' },
  ]
}

const isAddress = (text: string): boolean => isIP(withoutBrackets(text)) !== 0

const withoutBrackets = (text: string): string => IN_BRACKETS.exec(text)?.[1] ?? text
