/** The request of an http check, and what its answer means. Pure. */
import { formatAddress } from '../address.js'
import { isInterim, readResponseHead } from '../websocket/heads/response-head.js'
import type { HttpCheck, ProbeResult, ProbeTarget } from './check.js'
import { type Conversation, over, send, WAIT } from './conversation.js'

const SWITCHING_PROTOCOLS = 101

export function httpConversation(check: HttpCheck, target: ProbeTarget): Conversation<ProbeResult> {
  let hasAsked = false
  return {
    next: (received) => {
      if (hasAsked) return judge(check, received)
      hasAsked = true
      return send(requestOf(check, target))
    },
    explain: ({ length }) => (length === 0 ? 'no answer' : 'no whole head of an answer'),
  }
}

function judge(
  { method, status }: HttpCheck,
  received: Buffer,
): ReturnType<Conversation<ProbeResult>['next']> {
  let rest = received
  for (;;) {
    const answer = readResponseHead(rest, method)
    if (answer.kind === 'need-more') return WAIT
    if (answer.kind === 'no-match') return over({ passed: false, reason: 'L7RSP', detail: answer.reason })
    const found = answer.value.status
    if (!isInterim(found) || found === SWITCHING_PROTOCOLS) {
      const passed = status.some(({ from, to }) => from <= found && found <= to)
      return over({ passed, reason: passed ? 'L7OK' : 'L7STS', detail: `status ${found}` })
    }
    rest = rest.subarray(answer.bytes)
  }
}

function requestOf({ method, path, host }: HttpCheck, target: ProbeTarget): Buffer {
  const fields = [
    `Host: ${host ?? hostOf(target)}`,
    'User-Agent: millrace',
    'Accept: */*',
    'Connection: close',
  ]
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** The port belongs to it unless it is the usual one (RFC 9110 section 4.2). */
function hostOf({ address, host, tls }: ProbeTarget): string {
  if (address.kind === 'unix') return 'localhost'
  const whole = formatAddress({ ...address, host: host ?? address.host })
  return address.port === (tls === undefined ? 80 : 443) ? whole.replace(/:\d+$/, '') : whole
}
