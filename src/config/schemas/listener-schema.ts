/**
 * A listener as the rest of the program reads it, and the schema that makes it of what people write.
 */
import * as z from 'zod'
import { type Address, formatAddress } from '../../address.js'
import { explainAddressRange } from '../../address-set.js'
import { visible } from '../../escape.js'
import type { SocketFile } from '../../io/listening/socket-file.js'
import type { Liveness } from '../../io/liveness.js'
import type { ListenerLimits } from '../../limits/policy.js'
import type { Spoken } from '../../peek/speaks/protocols.js'
import { explainRoutePath } from '../../request-path.js'
import type { MapKey, Requests, Rule } from '../../route/table.js'
import type { RouteFunction } from '../../route/visitor.js'
import type { RedirectStatus } from '../../websocket/error-answer.js'
import type { Redirect } from '../../websocket/redirect.js'
import type { ListenPlace } from '../checks/listener-addresses.js'
import type { StartTls } from '../common-input.js'
import { explainForeign } from '../foreign-keys.js'
import type { ForwardedMode } from '../listener-input.js'
import type { OwnTimeouts } from '../timeouts.js'
import { explainHostPattern, explainProtocol, explainSniPattern } from '../values/host-names.js'
import { expected } from '../wording.js'
import * as fields from './fields.js'
import { listenerLimitsField } from './limits-schema.js'
import { type OwnLiveness, ownKeepalive } from './liveness.js'
import { socketFileFields } from './socket-file.js'
import { type ListenerSocket, type OwnSocket, socketField } from './socket-schema.js'
import { type OnSilentConfig, onSilentSchema, speaksField } from './speaks-schema.js'
import { postgresNames, startTlsField, withStartTls } from './start-tls-schema.js'
import { ownTimeoutsField } from './timeouts-schema.js'
import { type TlsConfig, tlsSchema } from './tls-schema.js'

export interface ListenerConfig extends ListenPlace {
  readonly name: string
  /** The host is an IP address. */
  readonly address: Address
  /** For clients that match no route. Undefined: millrace refuses them. */
  readonly cluster: string | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly acceptProxy: AcceptProxyConfig | undefined
  readonly protocol: 'tcp' | 'http'
  readonly tls: TlsConfig | undefined
  readonly startTls: StartTls | undefined
  readonly routes: readonly RouteConfig[]
  readonly route: RouteFunction | undefined
  /** `reject` or a cluster. Undefined: the routes decide. */
  readonly onNoSni: string | undefined
  /** `reject` or a cluster. */
  readonly onBadHello: string
  readonly onSilent: OnSilentConfig | undefined
  readonly http: Requests
  /** For clients that match no route. Undefined: they are refused, unless there is a `cluster`. */
  readonly redirect: Redirect | undefined
  readonly allowEncodedSlash: boolean
  readonly xForwarded: ForwardedMode
  readonly clientFrom: ClientFromConfig | undefined
  readonly logQuery: boolean
  readonly liveness: Liveness
  readonly timeouts: OwnTimeouts
  readonly socket: ListenerSocket
  /** For a unix socket. */
  readonly socketFile: SocketFile
  /** Undefined: none. */
  readonly limits: ListenerLimits | undefined
}

/** A listener before other parts of the config add to it. */
type LoneListener = Omit<ListenerConfig, 'name' | 'address' | 'ipv6Only' | 'liveness' | 'socket'> &
  OwnLiveness & {
    readonly name?: string | undefined
    readonly addresses: readonly Address[]
    readonly socket: OwnSocket<'listener'>
  }

export interface AcceptProxyConfig {
  /** As `AddressSet` takes them. */
  readonly from: readonly string[]
  readonly required: boolean
  readonly logTlvs: readonly number[]
  readonly timeoutMs: number
}

export interface ClientFromConfig {
  /** In lower case. */
  readonly field: string
  /** As `AddressSet` takes them. */
  readonly trusted: readonly string[]
}

export interface RouteConfig extends Rule {
  readonly speaks: readonly Spoken[] | undefined
  readonly reject: boolean
}

const clusterName = fields.textField('the name of a cluster')
const requests = fields.choiceOf(['reject', 'forward', 'pass'] as const satisfies readonly Requests[])
const addresses = fields.textsField('addresses such as 10.0.0.0/8', explainAddressRange)
const NAME_PATTERN = 'a host name such as a.example.com or *.example.com'

/** Keys of the record's `tags`. */
const MOST_TAG_CHARS = 63
const TAG = `a tag key of 1 to ${MOST_TAG_CHARS} characters without control characters`
const isTag = (key: string): boolean => key !== '' && key.length <= MOST_TAG_CHARS && visible(key) === key

const tags = z
  .record(z.string(), fields.textField('text'), {
    error: ({ input }) => expected('a map of texts', input),
  })
  .superRefine((texts, context) => {
    for (const key of Object.keys(texts)) {
      if (!isTag(key)) context.addIssue({ code: 'custom', path: [key], message: expected(TAG, key) })
    }
  })
  .default({})

const acceptProxy = fields.strictMap('a map: { from }', {
  from: addresses,
  required: fields.booleanField.default(true),
  logTlvs: fields.oneOrMore('a list of TLV types', fields.wholeNumberField(0xe0, 0xff)).default([]),
  timeoutMs: fields.durationField.default(5000),
})

const clientFrom = fields.strictMap('a map: { field, trusted }', {
  field: fields
    .textField('the name of a field')
    .regex(/^[!#$%&'*+.^_`|~\w-]+$/, {
      error: ({ input }) => expected('the name of a field, such as x-forwarded-for', input),
    })
    .transform((name) => name.toLowerCase())
    .default('x-forwarded-for'),
  trusted: addresses,
})

const path = fields.textField('a path such as /chat').superRefine((text, context) => {
  const isPath = /^\/[^?#\s]*$/.test(text)
  const message = isPath
    ? explainRoutePath(text)
    : expected('a path that begins with "/" and has no "?"', text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})

const routeMap = fields.strictMap('a map: { file, by }', {
  file: fields.checkedTextField('the path of a file', (text) =>
    text === '' ? 'write the path of a file' : undefined,
  ),
  by: fields.choiceOf(['sni', 'host', 'user', 'database'] as const satisfies readonly MapKey[]),
})

const routeShape = {
  speaks: fields.optional(speaksField),
  sni: fields.optional(fields.textsField(NAME_PATTERN, explainSniPattern)),
  alpn: fields.optional(fields.textsField('a protocol such as h2', explainProtocol)),
  source: fields.optional(addresses),
  host: fields.optional(fields.textsField(NAME_PATTERN, explainHostPattern)),
  path: fields.optional(path),
  user: postgresNames('a role such as app'),
  database: postgresNames('a database such as orders'),
  map: fields.optional(routeMap),
  cluster: fields.optional(clusterName),
  reject: fields.booleanField.default(false),
  http: fields.optional(requests),
}
const route = fields.strictMap('a route: { sni, cluster }', routeShape, explainForeign('route'))

/** A text is `to` alone. */
const redirectField: z.ZodType<Redirect> = z
  .preprocess(
    (value) => (typeof value === 'string' ? { to: value } : value),
    fields.strictMap('"https", or a map: { to, port, status }', {
      to: fields.choiceOf(['https']),
      port: fields.wholeNumberField(1, 65_535).default(443),
      status: fields
        .field<RedirectStatus>((value) => {
          const status = Number(value)
          return status === 301 || status === 308 ? status : expected('301 or 308', value)
        })
        .default(301),
    }),
  )
  .transform(({ port, status }) => ({ port, status }))

const routeFunction = z.custom<RouteFunction>((value) => typeof value === 'function', {
  error: ({ input }) => expected('a function, which only the library can be given', input),
})

export const listenerSchema = fields
  .strictMap('a listener: { address, cluster }', {
    name: fields.nameField.optional(),
    address: fields.optional(fields.listenerAddressesField),
    addresses: fields.optional(fields.listOf('a list of addresses', fields.listenerAddressesField)),
    cluster: fields.optional(clusterName),
    tags,
    acceptProxy: fields.optional(acceptProxy),
    protocol: fields.choiceOf(['tcp', 'http']).default('tcp'),
    tls: fields.optional(tlsSchema),
    startTls: startTlsField,
    routes: fields.listOf('a list of routes', route).default([]),
    route: fields.optional(routeFunction),
    onNoSni: fields.optional(fields.textField('"reject" or the name of a cluster')),
    onBadHello: fields.textField('"reject" or the name of a cluster').default('reject'),
    onSilent: fields.optional(onSilentSchema(clusterName)),
    http: requests.default('reject'),
    redirect: fields.optional(redirectField),
    allowEncodedSlash: fields.booleanField.default(false),
    xForwarded: fields.choiceOf(['replace', 'append', 'forwarded', 'off']).default('replace'),
    clientFrom: fields.optional(clientFrom),
    logQuery: fields.booleanField.default(false),
    limits: listenerLimitsField,
    keepalive: ownKeepalive,
    timeouts: ownTimeoutsField('listener'),
    socket: socketField('listener'),
    ...socketFileFields,
  })
  .transform(
    ({ mode, group, address, addresses, ...rest }): LoneListener =>
      withStartTls({ ...rest, addresses: address ?? addresses?.flat() ?? [], socketFile: { mode, group } }),
  )

/** A listener for each of its addresses. They have the same settings, and names of their own. */
export function eachAddress({ addresses, name, ...rest }: LoneListener) {
  return addresses.map((address) => {
    const own = formatAddress(address)
    return {
      ...rest,
      address,
      name: addresses.length > 1 && name !== undefined ? `${name}@${own}` : (name ?? own),
    }
  })
}
