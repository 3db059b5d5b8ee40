/**
 * Reads the head of a backend's response. Pure, without memory between calls. docs/http-grammar.md says which
 * faults millrace tolerates in a backend. src/websocket/forwarding/forwarded-answer.ts corrects them.
 */
import { type Field, type HttpVersion, readFraming } from './fields.js'
import { type Grammar, type HeadAnswer, type Refusal, readHead, refuse } from './head.js'

export interface ResponseHead {
  readonly version: HttpVersion
  /** 100 to 599. */
  readonly status: number
  /** The words after the status, as they were sent. May be empty. */
  readonly reason: string
  /** In the order in which they were sent. */
  readonly fields: readonly Field[]
  /** `close`: the backend marks the end of the body by closing. */
  readonly bodyKind: 'none' | 'length' | 'chunked' | 'close'
  /** Bytes. 0 unless `bodyKind` is `length`. */
  readonly contentLength: number
}

/** Some servers leave out the space behind the status if no words follow (RFC 9112 section 4). */
const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/
const SAMPLE_START = 'HTTP/1.1 200 '
const NO_CONTENT: ReadonlySet<number> = new Set([204, 304])
/** The fields of their responses say nothing about bytes that follow (RFC 9110 sections 9.3.2 and 9.3.6). */
const METHODS_WITHOUT_BODY: ReadonlySet<string> = new Set(['HEAD', 'CONNECT'])

const RESPONSE: Grammar<ResponseHead> = { mayFollowEmptyLines: false, checkStart, read }
const RESPONSE_WITHOUT_BODY: Grammar<ResponseHead> = {
  mayFollowEmptyLines: false,
  checkStart,
  read: (line, fields) => withoutBody(readStart(line), fields),
}

/**
 * Reads the response head at the start of `bytes`, in answer to `method`. The backend is to blame for what is
 * wrong with it, so a refusal always has the status 502.
 */
export function readResponseHead(bytes: Buffer, method = 'GET'): HeadAnswer<ResponseHead> {
  const answer = readHead(bytes, METHODS_WITHOUT_BODY.has(method) ? RESPONSE_WITHOUT_BODY : RESPONSE)
  return answer.kind === 'no-match' ? refuse(answer.reason, 502) : answer
}

/** 100 to 199: another response follows. */
export const isInterim = (status: number): boolean => status < 200

function checkStart(line: string, isWhole: boolean): Refusal | undefined {
  const whole = isWhole ? line : line + SAMPLE_START.slice(line.length)
  return STATUS_LINE.test(whole) ? undefined : refuse('bad status line')
}

function read(line: string, fields: readonly Field[]): ResponseHead | string {
  const start = readStart(line)
  if (isInterim(start.status) || NO_CONTENT.has(start.status)) return withoutBody(start, fields)
  const framing = readFraming(fields, start.version, 'backend')
  if (typeof framing === 'string') return framing
  return { ...start, fields, ...framing, bodyKind: framing.bodyKind === 'none' ? 'close' : framing.bodyKind }
}

type Start = Pick<ResponseHead, 'version' | 'status' | 'reason'>

/** `line` was checked before. */
function readStart(line: string): Start {
  const [, version, digits, reason = ''] = STATUS_LINE.exec(line) as unknown as [
    string,
    HttpVersion,
    string,
    string | undefined,
  ]
  return { version, status: Number(digits), reason }
}

/** The response ends with its head, whatever its fields say (RFC 9112 section 6.3, rule 1). */
function withoutBody(start: Start, fields: readonly Field[]): ResponseHead {
  return { ...start, fields, bodyKind: 'none', contentLength: 0 }
}
