/**
 * What stands in the way of a listener that could not be opened, where it is another one of ours: what to do then is not
 * what to do about a stranger.
 */
import { formatPlace, type ListenPlace, overlap } from '../config/checks/listener-addresses.js'
import { MillraceError } from '../errors.js'
import type { Listener, ListenerOptions } from '../listener/listener.js'
import type { Generation } from './generations/generation.js'

/** Who may have the address already. */
type Holder = Pick<Listener, 'isListening' | 'options' | 'place'>

/** Why `asked` could not be opened, where that is because of one of our own; the error as it is otherwise. */
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
  // [::] took IPv4 clients when it was opened, which an open socket cannot be told to leave to 0.0.0.0.
  return `leave both out of the config and reload, then put both in and reload once more, ${again}`
}

/** A listener's error is caused by its engine's, which is caused by an errno. */
function errnoOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause.cause : undefined
}
