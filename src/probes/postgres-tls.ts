/** Asks a Postgres server for TLS, before the handshake. Pure. */
import { TLS_REQUEST } from '../postgres/first-packet.js'
import { readTlsAnswer } from '../postgres/tls-answer.js'
import { type Conversation, over, send, WAIT } from './conversation.js'

/** Finds what is wrong. Undefined: the handshake may begin. */
export function askForTls(): Conversation<string | undefined> {
  let hasAsked = false
  return {
    next: (received) => {
      if (!hasAsked) {
        hasAsked = true
        return send(TLS_REQUEST)
      }
      const answer = readTlsAnswer(received)
      if (answer.kind === 'need-more') return WAIT
      return over(answer.kind === 'match' ? undefined : answer.reason)
    },
    explain: () => 'no answer to the request for TLS',
  }
}
