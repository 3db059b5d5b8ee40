/**
 * Finds out whether a listener could not be opened because of another listener of this proxy. The advice then
 * differs from the advice about another process.
 */
import { formatPlace, type ListenPlace, overlap } from '../config/checks/listener-addresses.js'
import { MillraceError } from '../errors.js'
import type { Listener, ListenerOptions } from '../listener/listener.js'
import type { Generation } from './generations/generation.js'

/** A listener that may have the address already. */
type Holder = Pick<Listener, 'isListening' | 'options' | 'place'>

/**
 * Returns an error that names the listener of this proxy that is in the way. If none is, it returns `error`.
 */
export function explainOwnOverlap(
  error: unknown,
  asked: ListenerOptions,
  present: Iterable<Holder>,
  next: Pick<Generation, 'config'>,
): unknown {
  const other = [...present].find(
    (each) => each.isListening && each.options !== asked && overlap(each.place, asked),
  )
  if (other === undefined || errnoOf(error) !== 'EADDRINUSE') return error
  const what = `cannot listen on ${formatPlace(asked)} while listener ${other.options.name} of this proxy listens on`
  return new MillraceError(
    'listen-failed',
    `listener ${asked.name}: ${what} ${formatPlace(other.place)}: ${adviceOf(asked, other.place, next)}`,
    { cause: error },
  )
}

function adviceOf(asked: ListenPlace, inTheWay: ListenPlace, { config }: Pick<Generation, 'config'>): string {
  const again = 'or start the process again'
  const staying = config.listeners.find((each) => each !== asked && overlap(each, inTheWay))
  if (staying === undefined) return `take that out of the config first, then reload once more, ${again}`
  if (overlap(staying, asked)) return 'give one of them another address or port'
  // [::] took IPv4 clients when it was opened. An open socket cannot leave them to 0.0.0.0.
  return `leave both out of the config and reload, then put both in and reload once more, ${again}`
}

/** The cause of a listener's error is its engine's error. The cause of that is an errno. */
function errnoOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause.cause : undefined
}
