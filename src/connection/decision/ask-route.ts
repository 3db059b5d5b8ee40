/**
 * Asks a `route` function about a client, for at most `routeMs` besides the time in which it waits for the client. Whatever the
 * function does, this ends one connection and never the process.
 */
import { show } from '../../arguments.js'
import { DialogueOver } from '../../io/dialogue.js'
import type { RouteFunction } from '../../route/visitor.js'
import type { KnownClient } from '../opening/known-client.js'
import { Refusal, refuse } from '../refusal.js'
import { Question } from './question.js'
import { type Decision, isRejection, readDecision } from './read-decision.js'
import { RouteTime } from './route-time.js'

const HOW_TO_REJECT = 'write "return visitor.reject(…)"'
const REJECTION_LOST = `route: reject() was called and its result was not returned: ${HOW_TO_REJECT}`

/** `path`: of the request, in the spelling that routes compare. Throws Refusal, DialogueOver, and an Error of the function. */
export async function askRoute(
  client: KnownClient,
  route: RouteFunction,
  path: string | undefined,
): Promise<Decision> {
  const time = new RouteTime(client.dialogue, client.policy)
  const question = new Question(client, time)
  try {
    const asked = Promise.resolve(question.visitor(path)).then(route)
    const returned: unknown = await client.dialogue.during(asked)
    client.routeMicros = time.ownMicros
    await question.answered()
    time.end()
    const decision = readDecision(returned)
    if (!isRejection(decision)) {
      // Otherwise a function that only forgets a `return` would let its client in.
      if (question.hasRejected) throw new TypeError(REJECTION_LOST)
      return decision
    }
    const { reason, answer } = decision
    client.answer = answer
    throw refuse(reason === undefined ? 'rejected' : `rejected: ${reason}`)
  } catch (error) {
    throw whyFailed(error, question, time)
  }
}

/** At a deadline, the client is to blame only if the function waited for it. */
function whyFailed(error: unknown, question: Question, time: RouteTime): Error {
  if (error instanceof DialogueOver) {
    question.giveUp(error)
    return error.why === 'timed-out' && time.isOwn ? refuse('route-timeout') : error
  }
  question.close()
  if (error instanceof Refusal || error instanceof Error) return error
  if (typeof error === 'object' && error !== null && isRejection(error))
    return new TypeError(`route: it threw the result of reject(): ${HOW_TO_REJECT}`)
  return new TypeError(`route: it threw ${show(error)}: throw an Error`)
}
