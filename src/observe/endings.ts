/**
 * The one table of how connections end. It gives the causes of records, HAProxy's letters, which endings are
 * errors, what a client that speaks HTTP gets, and the series that metrics begin with. Tests compare
 * docs/records.md and docs/troubleshooting.md with it. A new cause is one entry here, beside the code where
 * it happens. Causes of a pipe also stand in its public types (PipeCause). The compiler refuses one that is
 * missing here. Pure.
 */
import type { Reason } from '../refusals/refused.js'
import type { OUTCOMES, PARTIES, PHASES, SIDES } from '../status/common.js'
import type { ErrorStatus } from '../websocket/error-answer.js'

export type Phase = (typeof PHASES)[number]
export type Outcome = (typeof OUTCOMES)[number]
type Party = (typeof PARTIES)[number]
type Side = (typeof SIDES)[number]

/** HAProxy's letters for what a connection waited for. */
export const PHASE_LETTERS = {
  /** The client's first bytes. */
  opening: 'R',
  /** A place in a cluster or at a backend. */
  queue: 'Q',
  /** A backend. */
  connect: 'C',
  /** The first bytes of that backend. */
  response: 'H',
  /** Nothing: both sides were joined. */
  data: 'D',
} as const satisfies Record<Phase, string>

/** Which connections can end with this error. They count it from 0 on. */
export type ErrorScope =
  /** Connections whose first bytes millrace reads. They have no cluster yet. */
  | 'first-bytes'
  /** All connections that have a cluster. */
  | 'cluster'
  /** Connections whose backend gets something before the client's first byte, and all of HTTP. */
  | 'preamble'
  /** Connections of clusters with `dial`. */
  | 'dial'
  /** Connections of clusters with `via`. */
  | 'via'
  /** Connections of listeners with `protocol: http` that have a cluster. */
  | 'http'
  /** Connections of listeners with `protocol: http`, with or without a cluster. */
  | 'request'
  /** Connections of a proxy, a listener or a cluster with limits. */
  | 'limits'
  /** Connections of clusters in which clients can wait for a place. */
  | 'queue'

export interface EndingKind {
  readonly cause: string
  /** Whether a colon and details for people follow the cause. Undefined: never. */
  readonly detail?: 'always' | 'sometimes'
  /** The first word of the details, if it is always one of these. */
  readonly details?: readonly string[]
  /** Who caused the end. For an ordinary end: who ended first. */
  readonly by: Party
  /** Only for timeouts that waited for this side. */
  readonly waitedFor?: Side
  readonly phases: readonly Phase[]
  /** HAProxy's letter for who caused the end. `-`: nobody. `L`: the proxy has answered itself, as it was told. */
  readonly letter: '-' | 'C' | 'c' | 'S' | 's' | 'P' | 'R' | 'K' | 'I' | 'D' | 'U' | 'L'
  /** Undefined: not an error, but an ordinary end or a client that was denied. */
  readonly error?: ErrorScope
  /** The client was turned away on purpose. That is no error: nobody has to be told. Default false. */
  readonly isDenied?: true
  /** The status for a client that speaks HTTP and has no answer yet. Undefined: it gets a reset. */
  readonly status?: ErrorStatus
  /** What a client is told that does not speak HTTP, as `refuseAs` says. Undefined: it gets a reset. */
  readonly told?: Reason
  /** In Markdown. */
  readonly means: string
}

/** Why a client was turned away by its address. The name of the list follows `list`. */
const BY_ADDRESS = ['list', 'not-allowed', 'banned'] as const
/** What a source has reached. */
const OF_A_SOURCE = ['connections', 'rate', 'bytes-today', 'table-full'] as const
/** What is full. `connections`, `rate` or `table-full` follows. */
const OF_A_SCOPE = ['process', 'listener', 'cluster'] as const

// biome-ignore format: two lines an entry
const TABLE = [
  { cause: 'finished', by: 'client', phases: ['data'], letter: '-',
    means: 'Both sides ended with FIN, the client first. With `halfClose: close` one FIN is enough' },
  { cause: 'finished', by: 'backend', phases: ['data'], letter: '-',
    means: 'Both sides ended with FIN, the backend first. With `halfClose: close` one FIN is enough' },
  { cause: 'reset', by: 'client', phases: ['data'], letter: 'C',
    means: 'The client reset its connection, or that connection broke' },
  { cause: 'reset', by: 'backend', phases: ['data'], letter: 'S', error: 'cluster',
    means: 'The backend reset its connection, or that connection broke. millrace resets the client' },
  { cause: 'client-gone', by: 'client', phases: ['opening', 'queue', 'connect', 'response'], letter: 'C',
    means: 'The client went away before millrace joined it to a backend' },
  { cause: 'first-bytes-timeout', by: 'client', phases: ['opening'], letter: 'c', error: 'first-bytes', status: 408,
    means: 'The client did not send what is needed to choose a cluster within `firstBytesMs`' },
  { cause: 'route-timeout', by: 'proxy', phases: ['opening'], letter: 'P', error: 'first-bytes', status: 504, told: 'unavailable',
    means: 'The `route` function did not answer within `routeMs`. The time in which it waited for the client does not count' },
  { cause: 'proxy-header', detail: 'always', by: 'proxy', phases: ['opening'], letter: 'P', error: 'first-bytes',
    means: 'The PROXY header is missing, broken, late, or from a sender that is not listed in `acceptProxy.from`' },
  { cause: 'bad-hello', detail: 'always', by: 'proxy', phases: ['opening'], letter: 'P', error: 'first-bytes',
    means: 'The client does not start with a valid TLS ClientHello' },
  { cause: 'no-sni', by: 'proxy', phases: ['opening'], letter: 'P', error: 'first-bytes', told: 'unknown',
    means: 'The client names no server in its ClientHello, and `onNoSni` is `reject`' },
  { cause: 'tls-handshake', detail: 'always', by: 'proxy', phases: ['opening'], letter: 'P', error: 'first-bytes',
    means: 'The TLS handshake with the client failed' },
  { cause: 'bad-request', detail: 'always', by: 'proxy', phases: ['opening'], letter: 'P', error: 'request', status: 400,
    means: 'The client sent no HTTP request that millrace accepts' },
  { cause: 'bad-request', detail: 'always', by: 'client', phases: ['data'], letter: 'P', error: 'http', status: 400,
    means: 'The body of a forwarded request is broken' },
  { cause: 'bad-start-up', detail: 'always', by: 'proxy', phases: ['opening'], letter: 'P', error: 'first-bytes',
    means: "The client's first packet is not Postgres, or millrace does not accept it" },
  { cause: 'no-session', by: 'proxy', phases: ['opening'], letter: 'P',
    means: 'A Postgres cancel request for a session that does not exist, or no longer exists' },
  { cause: 'upgrade-required', by: 'proxy', phases: ['opening'], letter: 'P', error: 'http', status: 426,
    means: 'The request does not ask for WebSocket, and `http` is `reject`' },
  { cause: 'no-route', by: 'proxy', phases: ['opening'], letter: 'P', error: 'first-bytes', status: 404, told: 'unknown',
    means: 'No route matches this client, and the listener has no `cluster`' },
  { cause: 'redirected', by: 'proxy', phases: ['opening'], letter: 'L', status: 301,
    means: 'The listener has `redirect`, and sends the client to HTTPS' },
  { cause: 'rejected', detail: 'sometimes', by: 'proxy', phases: ['opening'], letter: 'P', isDenied: true, status: 403, told: 'denied',
    means: 'A route or the `route` function rejects the client' },
  { cause: 'denied', detail: 'always', details: BY_ADDRESS, by: 'proxy', phases: ['opening'], letter: 'P', isDenied: true,
    status: 403, told: 'denied', means: 'The address of the client is in a `deny` list, is not in `allow`, or is banned' },
  { cause: 'source-limit', detail: 'always', details: OF_A_SOURCE, by: 'proxy', phases: ['opening', 'connect', 'data'], letter: 'P',
    isDenied: true, status: 429, told: 'too-many', means: 'The source of the client has reached a limit of `perSource`, or no more sources can be remembered' },
  { cause: 'limit', detail: 'always', details: OF_A_SCOPE, by: 'proxy', phases: ['opening', 'connect'], letter: 'R', error: 'limits',
    status: 503, told: 'too-many', means: 'The proxy, the listener or the cluster has reached `maxConnections` or `newPerSecond`, or no more scopes can be counted, and `whenFull` is `refuse`' },
  { cause: 'route-failed', by: 'proxy', phases: ['opening'], letter: 'P', error: 'first-bytes', status: 500, told: 'unavailable',
    means: 'The `route` function threw, or returned what is no decision. The log says what it returned' },
  { cause: 'no-backend', by: 'backend', phases: ['queue', 'connect'], letter: 'S', error: 'cluster', status: 503, told: 'unavailable',
    means: 'Every backend refused, could not be reached, or was set `drain` or `maint`' },
  { cause: 'backends-down', detail: 'sometimes', by: 'backend', phases: ['queue', 'connect'], letter: 'S', error: 'cluster', status: 503, told: 'unavailable',
    means: 'All backends are down, and `whenAllDown` does not let millrace try one. With `wait` none came back within `connectMs`' },
  { cause: 'not-allowed', detail: 'always', by: 'proxy', phases: ['connect'], letter: 'P', error: 'dial', status: 403, told: 'denied',
    means: 'The cluster has `dial`, and the client may not have the server that it asks for: its name, its port, or every address of it' },
  { cause: 'loop', by: 'proxy', phases: ['connect'], letter: 'P', error: 'cluster', status: 503, told: 'unavailable',
    means: 'The last backend tried is a listener of this millrace that the connection has passed before: it would go round without end' },
  { cause: 'queue-timeout', by: 'backend', phases: ['queue'], letter: 's', error: 'queue', status: 503, told: 'too-many',
    means: 'The client waited `queueMs` for a place in the cluster or at a backend' },
  { cause: 'queue-full', by: 'backend', phases: ['queue'], letter: 'S', error: 'queue', status: 503, told: 'too-many',
    means: 'All places are taken. `queueLength` clients wait already, or `whenFull` is `refuse`. A client that waited made room for another source' },
  { cause: 'connect-timeout', by: 'backend', phases: ['connect'], letter: 's', error: 'cluster', status: 504, told: 'unavailable',
    means: 'The last backend tried did not accept within `connectMs`' },
  { cause: 'via', detail: 'always', by: 'proxy', phases: ['connect'], letter: 'S', error: 'via', status: 503, told: 'unavailable',
    means: "The cluster's forward proxy (`via`) refused, could not be reached, or gave an answer that millrace cannot use" },
  { cause: 'via-timeout', by: 'proxy', phases: ['connect'], letter: 's', error: 'via', status: 504, told: 'unavailable',
    means: "The cluster's forward proxy (`via`) did not accept within `connectMs`, or said nothing before it was asked for a backend" },
  { cause: 'out-of-resources', by: 'proxy', phases: ['connect'], letter: 'R', error: 'cluster', status: 503, told: 'unavailable',
    means: 'millrace has no file descriptor or memory left for a connection to a backend' },
  { cause: 'backend-tls', detail: 'always', by: 'backend', phases: ['response'], letter: 'P', error: 'preamble', status: 502, told: 'unavailable',
    means: 'The TLS handshake with the backend failed' },
  { cause: 'backend-gone', by: 'backend', phases: ['response'], letter: 'S', error: 'preamble', status: 502, told: 'unavailable',
    means: 'The backend went away before the head of its response was complete' },
  { cause: 'response-timeout', by: 'backend', phases: ['response'], letter: 's', error: 'preamble', status: 504, told: 'unavailable',
    means: 'The backend did not finish its TLS handshake or the head of its response within `responseMs`, or took no byte of the request for `idleMs`' },
  { cause: 'bad-response', detail: 'always', by: 'backend', phases: ['response', 'data'], letter: 'P', error: 'http', status: 502,
    means: "The backend's answer is not a valid response to this request, or its body is broken" },
  { cause: 'idle-timeout', by: 'proxy', phases: ['data'], letter: 'c',
    means: 'No byte moved for `idleMs`. Neither side sent anything, or the client took nothing' },
  { cause: 'idle-timeout', by: 'proxy', waitedFor: 'backend', phases: ['data'], letter: 's',
    means: 'No byte moved for `idleMs`. The backend took nothing' },
  { cause: 'idle-timeout', by: 'client', phases: ['response', 'data'], letter: 'c',
    means: 'For `idleMs` the client took no byte of a forwarded response, or sent no byte of its request. ' +
      "Or it took nothing of the response's last bytes for 30 s" },
  { cause: 'idle-timeout', by: 'backend', phases: ['data'], letter: 's',
    means: 'For `idleMs` the backend sent no byte of its response, or took no byte of the request' },
  { cause: 'half-closed-timeout', by: 'proxy', waitedFor: 'client', phases: ['data'], letter: 'c',
    means: 'One side finished. For `halfClosedMs` the client took nothing of what it was sent, or did not finish. ' +
      'With `halfClose: close` the time is 30 s' },
  { cause: 'half-closed-timeout', by: 'proxy', waitedFor: 'backend', phases: ['data'], letter: 's',
    means: 'One side finished. For `halfClosedMs` the backend took nothing, or did not finish' },
  { cause: 'lifetime', by: 'proxy', phases: ['data'], letter: 'K',
    means: 'The connection reached `lifetimeMs`' },
  { cause: 'quota', by: 'proxy', phases: ['data'], letter: 'K',
    means: 'The connection has moved `maxBytes`' },
  { cause: 'evicted', by: 'proxy', phases: ['data'], letter: 'K',
    means: 'File descriptors or memory ran out, and the connection had been idle longer than others (`evictIdle`)' },
  { cause: 'drained', by: 'proxy', phases: ['opening', 'queue', 'connect', 'response', 'data'], letter: 'K',
    means: 'A drain ended the connection, in a quiet moment or at the deadline' },
  { cause: 'backend-down', by: 'proxy', phases: ['response', 'data'], letter: 'D', error: 'cluster', status: 503,
    means: 'Checks or the agent of its backend call it down, and `onDown` is `end` or `reset`' },
  { cause: 'backend-recovered', by: 'proxy', phases: ['response', 'data'], letter: 'U',
    means: 'An earlier tier works again, and `onRecovered` is `return`' },
  { cause: 'killed', by: 'proxy', phases: ['opening', 'queue', 'connect', 'response', 'data'], letter: 'K',
    means: 'An operator ended the connection' },
  { cause: 'ordered', by: 'proxy', phases: ['opening', 'queue', 'connect', 'response', 'data'], letter: 'K',
    means: 'The proxy was stopped' },
  { cause: 'internal-error', by: 'proxy', phases: ['connect', 'response'], letter: 'I', error: 'preamble', status: 500,
    means: 'A bug of millrace before it joined the two sides. The log has the stack. Please report it' },
  { cause: 'infinite-loop', by: 'proxy', phases: ['data'], letter: 'I', error: 'cluster',
    means: 'A bug of millrace: the connection stayed ready without progress, and millrace cut it to keep the process ' +
      'alive. The log has its state. Please report it' },
] as const satisfies readonly EndingKind[]

type Row = (typeof TABLE)[number]
type CauseOf<Kind extends Row> = Kind extends { readonly details: readonly (infer Word extends string)[] }
  ? `${Kind['cause']}: ${Word}` | `${Kind['cause']}: ${Word} ${string}`
  : Kind extends { readonly detail: 'always' }
    ? `${Kind['cause']}: ${string}`
    : Kind extends { readonly detail: 'sometimes' }
      ? Kind['cause'] | `${Kind['cause']}: ${string}`
      : Kind['cause']

/** Why a connection ended. The text after a colon is for people. */
export type EndCause = CauseOf<Row>

type OfTheOpening = Extract<Row, { readonly by: 'proxy'; readonly phases: readonly ['opening', ...Phase[]] }>
/** Why millrace turned a client away before it had a cluster. */
export type OpeningCause = CauseOf<Exclude<OfTheOpening, { readonly letter: 'K' }>>

export interface Ending {
  readonly by: Party
  readonly phase: Phase
  readonly cause: EndCause
  /** For an idle or half-closed timeout: the side that took nothing, or had not finished. */
  readonly waitedFor?: Side | undefined
}

/** An ending as it is counted: its cause without the details. */
export interface CountedEnding {
  readonly by: Party
  readonly phase: Phase
  readonly cause: string
}

/** Every way for a connection to end. */
export const ENDINGS: readonly EndingKind[] = TABLE

/** The errors of each scope. */
export const ERRORS: Readonly<Record<ErrorScope, readonly CountedEnding[]>> = {
  'first-bytes': errorsOf('first-bytes'),
  cluster: errorsOf('cluster'),
  preamble: errorsOf('preamble'),
  dial: errorsOf('dial'),
  via: errorsOf('via'),
  http: errorsOf('http'),
  request: errorsOf('request'),
  limits: errorsOf('limits'),
  queue: errorsOf('queue'),
}

/** What `whyDenied` can say. */
export const DENIALS: readonly string[] = ENDINGS.filter(({ isDenied }) => isDenied).flatMap(
  ({ cause, details }) => details ?? [cause],
)

const KINDS: ReadonlyMap<string, readonly EndingKind[]> = new Map(
  ENDINGS.map(({ cause }) => [cause, ENDINGS.filter((kind) => kind.cause === cause)]),
)

/**
 * The entry of an ending. If no entry names the side that was waited for, the first entry of the same cause
 * and party.
 */
export function kindOf({ by, cause, waitedFor }: CountedEnding & Pick<Ending, 'waitedFor'>): EndingKind {
  const kinds = KINDS.get(cause) ?? KINDS.get(withoutDetail(cause))!
  let found: EndingKind | undefined
  for (const kind of kinds) {
    if (kind.by !== by) continue
    if (kind.waitedFor === waitedFor) return kind
    found ??= kind
  }
  return found ?? kinds[0]!
}

/** A reset or a long silence of a client is ordinary. An error is a client that was not served, but should have been. */
export function outcomeOf(ending: CountedEnding): Outcome {
  const { error, isDenied } = kindOf(ending)
  if (isDenied) return 'denied'
  return error === undefined ? 'ordinary' : 'error'
}

/** Why the client was denied, in one word. Undefined: it was not. There are only few of them. */
export function whyDenied(ending: CountedEnding): string | undefined {
  const { cause, details, isDenied } = kindOf(ending)
  if (!isDenied) return undefined
  return details?.find((word) => hasFirstWord(ending.cause.slice(cause.length + 2), word)) ?? cause
}

/** The text before the colon. There are only few of them. */
export function withoutDetail(text: string): string {
  const colon = text.indexOf(':')
  return colon === -1 ? text : text.slice(0, colon)
}

const hasFirstWord = (text: string, word: string): boolean => text === word || text.startsWith(`${word} `)

function errorsOf(scope: ErrorScope): CountedEnding[] {
  return ENDINGS.filter(({ error }) => error === scope).flatMap(({ by, phases, cause }) =>
    phases.map((phase) => ({ by, phase, cause })),
  )
}
