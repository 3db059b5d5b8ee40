/**
 * Reads the head of a backend's response, as strictly as that of a request. Pure and without memory between calls.
 */
import { type Field, type HttpVersion, readFraming } from './fields.js'
import { type Grammar, type HeadAnswer, type Refusal, readHead, refuse } from './head.js'

export interface ResponseHead {
  readonly version: HttpVersion
  /** 100 to 599. */
  readonly status: number
  /** The words after the status, as they were sent; may be empty. */
  readonly reason: string
  /** In the order in which they were sent. */
  readonly fields: readonly Field[]
  /** Of the answer to any request but HEAD. `close`: the backend marks its end by closing. */
  readonly bodyKind: 'none' | 'length' | 'chunked' | 'close'
  /** Bytes. 0 unless `bodyKind` is `length`. */
  readonly contentLength: number
}

const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/
const SAMPLE_START = 'HTTP/1.1 200 '
const NO_CONTENT: ReadonlySet<number> = new Set([204, 304])

const RESPONSE: Grammar<ResponseHead> = { checkStart, read }

/** The response head that `bytes` begin with. What is wrong with it is the backend's doing: the status is always 502. */
export function readResponseHead(bytes: Buffer): HeadAnswer<ResponseHead> {
  const answer = readHead(bytes, RESPONSE)
  return answer.kind === 'no-match' ? refuse(answer.reason, 502) : answer
}

/** 100 to 199: another response follows. */
export const isInterim = (status: number): boolean => status < 200

function checkStart(line: string, isWhole: boolean): Refusal | undefined {
  const whole = isWhole ? line : line + SAMPLE_START.slice(line.length)
  return STATUS_LINE.test(whole) ? undefined : refuse('bad status line')
}

/** `line` was checked. */
function read(line: string, fields: readonly Field[]): ResponseHead | string {
  const [, version, digits, reason] = STATUS_LINE.exec(line) as unknown as [
    string,
    HttpVersion,
    string,
    string,
  ]
  const status = Number(digits)
  const framing = readFraming(fields, version)
  if (typeof framing === 'string') return framing
  const head = { version, status, reason, fields }
  if (isInterim(status) && framing.bodyKind !== 'none') return 'body in an interim response'
  if (isInterim(status) || NO_CONTENT.has(status)) return { ...head, bodyKind: 'none', contentLength: 0 }
  return { ...head, ...framing, bodyKind: framing.bodyKind === 'none' ? 'close' : framing.bodyKind }
}
