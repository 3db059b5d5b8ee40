/**
 * Whether bytes begin an HTTP request. Pure, without memory between calls. It looks for the shape of a request line
 * (RFC 9112 section 3): method, target, version. Whoever gets the request judges the rest of it. HTTP/2 without TLS
 * begins with such a line, too (RFC 9113 section 3.4).
 */
import type { Detected } from './beginning.js'

/** The longest request line that millrace waits for. */
export const MOST_LINE_BYTES = 16 * 1024

const SPACE = 0x20
/** All registered methods are of capitals and hyphens. The longest has 17 characters. */
const METHOD = /^[A-Z][A-Z-]*$/
const MOST_METHOD_BYTES = 24
/** Clients send bytes above 0x7f, too, although they may not. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/
const VERSION = /^HTTP\/\d\.\d[\r\n]$/
const SAMPLE_VERSION = 'HTTP/1.1\r'

export function beginsRequest(bytes: Buffer): Detected {
  const detected = judgeLine(bytes)
  return detected === 'need-more' && bytes.length >= MOST_LINE_BYTES ? 'no-match' : detected
}

function judgeLine(bytes: Buffer): Detected {
  const methodEnd = bytes.subarray(0, MOST_METHOD_BYTES + 1).indexOf(SPACE)
  if (methodEnd !== -1) {
    const isMethod = METHOD.test(bytes.toString('latin1', 0, methodEnd))
    return isMethod ? judgeTarget(bytes.subarray(methodEnd + 1)) : 'no-match'
  }
  const isPart = bytes.length === 0 || METHOD.test(bytes.toString('latin1', 0, MOST_METHOD_BYTES))
  return isPart && bytes.length <= MOST_METHOD_BYTES ? 'need-more' : 'no-match'
}

/** `rest`: what follows the space behind the method. */
function judgeTarget(rest: Buffer): Detected {
  const end = rest.indexOf(SPACE)
  const target = rest.toString('latin1', 0, end === -1 ? rest.length : end)
  if (rest.length > 0 && !TARGET.test(target)) return 'no-match'
  if (end === -1) return 'need-more'
  const version = rest.toString('latin1', end + 1, end + 1 + SAMPLE_VERSION.length)
  if (!VERSION.test(version + SAMPLE_VERSION.slice(version.length))) return 'no-match'
  return version.length === SAMPLE_VERSION.length ? 'match' : 'need-more'
}
