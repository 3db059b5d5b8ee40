/**
 * Writes a record as a line of the log, straight from the facts. The line is what `jsonText` makes of
 * `toRecord`, without objects and texts in between. Nearly every connection writes one, so every part is
 * written as bytes.
 */
import { jsonText } from '../../escape.js'
import { SOURCE_FIELDS } from '../log/json-line.js'
import { LineBytes } from '../log/line-bytes.js'
import { limitingOf } from './limited-by.js'
import { type ConnectionFacts, isoTime, type RecordEnding } from './record.js'
import { terminationCode } from './termination.js'

const MS_DIGITS = 3
const MS_PER_SECOND = 1000

/** A time up to its second, as text. Many lines fall into the same second. */
class Second {
  #second = -1
  #text = ''
  readonly #format: (second: number) => string

  constructor(format: (second: number) => string) {
    this.#format = format
  }

  /** The text of the second of `ms` (since 1970). */
  of(ms: number): string {
    const second = Math.floor(ms / MS_PER_SECOND)
    if (second !== this.#second) {
      this.#second = second
      this.#text = this.#format(second)
    }
    return this.#text
  }
}

export class RecordLine {
  readonly #line = new LineBytes()
  readonly #now = new Second(String)
  readonly #start = new Second((second) => isoTime(second * MS_PER_SECOND).slice(0, -4))
  /** All connections of a listener have the same object of tags. */
  readonly #tags = new WeakMap<object, string>()

  readonly #prefix: string

  /** `prefix` is in front of every line. */
  constructor(prefix = '') {
    this.#prefix = prefix
  }

  /** The line with its newline. It is valid until the next one is written. */
  write(id: string, facts: ConnectionFacts, ended: RecordEnding | undefined, now = Date.now()): LineBytes {
    const line = this.#line.begin()
    if (this.#prefix !== '') line.json(this.#prefix)
    line
      .json('{"level":30,"time":')
      .json(this.#now.of(now))
      .digits(now % MS_PER_SECOND, MS_DIGITS)
    line.json(SOURCE_FIELDS)
    this.#writeStart(line, id, facts)
    writeOpening(line, facts)
    writeBackend(line, facts)
    writeMeasures(line, facts)
    if (ended === undefined) return line.json(',"final":false,"msg":"connection is open"}\n')
    writeEnding(line, ended)
    return line.json(',"msg":"connection"}\n')
  }

  #writeStart(line: LineBytes, id: string, facts: ConnectionFacts): void {
    const acceptedAt = Math.floor(facts.acceptedAt)
    line.json(',"id":"').json(id).json('","startedAt":"').json(this.#start.of(acceptedAt))
    line
      .digits(acceptedAt % MS_PER_SECOND, MS_DIGITS)
      .json('Z","listener":')
      .quoted(facts.listener)
    line.json(',"protocol":"').json(facts.protocol).json('","tags":').json(this.#tagsOf(facts.tags))
    line.json(',"client":').quoted(facts.client)
    if (facts.peer !== undefined) line.json(',"peer":').quoted(facts.peer)
  }

  #tagsOf(tags: object): string {
    const known = this.#tags.get(tags)
    if (known !== undefined) return known
    const text = jsonText(tags)
    this.#tags.set(tags, text)
    return text
  }
}

/** Most connections have none of these fields. */
function writeOpening(line: LineBytes, facts: ConnectionFacts): void {
  const { proxy, speaks, sni, alpn, tls, backendTls, http } = facts
  const isPlain = proxy === undefined && sni === undefined && alpn === undefined && tls === undefined
  if (isPlain && speaks === undefined && backendTls === undefined && http === undefined) return
  const fields = jsonText({ proxy, speaks, sni, alpn, tls, backendTls, http }).slice(1, -1)
  if (fields !== '') line.json(',').json(fields)
}

function writeBackend(
  line: LineBytes,
  { cluster, backend, backendAddress, via, retries, choice }: ConnectionFacts,
): void {
  if (cluster !== undefined) line.json(',"cluster":').quoted(cluster)
  if (backend !== undefined) line.json(',"backend":').quoted(backend)
  if (backendAddress !== undefined) line.json(',"backendAddress":').quoted(backendAddress)
  if (via !== undefined) line.json(',"via":').quoted(via)
  line.json(',"retries":').whole(retries)
  if (choice !== undefined) line.json(',"choice":').json(jsonText(choice))
}

function writeMeasures(line: LineBytes, facts: ConnectionFacts): void {
  const { waitMicros, queuedMicros, connectMicros, firstByteMicros, notSplicing } = facts
  const { clientRttMicros, backendRttMicros } = facts
  line.json(',"timings":{')
  if (waitMicros !== undefined) line.json('"waitMs":').micros(waitMicros).json(',')
  if (queuedMicros !== undefined) line.json('"queuedMs":').micros(queuedMicros).json(',')
  if (connectMicros !== undefined) line.json('"connectMs":').micros(connectMicros).json(',')
  if (firstByteMicros !== undefined) line.json('"firstByteMs":').micros(firstByteMicros).json(',')
  line.json('"totalMs":').micros(facts.totalMicros).json('},"rttMicros":{')
  if (clientRttMicros !== undefined) line.json('"client":').whole(clientRttMicros)
  if (clientRttMicros !== undefined && backendRttMicros !== undefined) line.json(',')
  if (backendRttMicros !== undefined) line.json('"backend":').whole(backendRttMicros)
  line.json('},"bytesUp":').whole(facts.bytesUp).json(',"bytesDown":').whole(facts.bytesDown)
  line.json(',"splicedUp":').whole(facts.splicedUp).json(',"splicedDown":').whole(facts.splicedDown)
  if (notSplicing !== undefined) line.json(',"notSplicing":').quoted(notSplicing)
  if (facts.limited !== undefined) line.json(',"limited":').json(jsonText(facts.limited))
  if (facts.life === undefined) return
  const { limitedBy, limitedShares } = limitingOf(facts.life)
  line.json(',"limitedBy":"').json(limitedBy).json('"')
  if (limitedShares !== undefined) line.json(',"limitedShares":').json(jsonText(limitedShares))
}

function writeEnding(line: LineBytes, ended: RecordEnding): void {
  const { by, phase, cause, errno, waitedFor } = ended
  line.json(',"ended":{"by":"').json(by).json('","phase":"').json(phase).json('","cause":').quoted(cause)
  if (errno !== undefined) line.json(',"errno":').quoted(errno)
  if (waitedFor !== undefined) line.json(',"waitedFor":"').json(waitedFor).json('"')
  line.json('},"termination":"').json(terminationCode(ended)).json('"')
}
