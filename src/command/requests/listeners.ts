/** Open a listener again, or drain it. Pure. */
import type { ChangedListener } from '../../control/answers.js'
import type { ListenerChange } from '../../control/orders.js'
import { counted } from '../../figures.js'
import type { Request } from './request.js'

export function listenerRequest(listener: string, change: ListenerChange): Request {
  return {
    method: 'PATCH',
    path: `/api/v1/listeners/${encodeURIComponent(listener)}`,
    body: change,
    lines: (answer) => [listenerLine(answer as ChangedListener)],
  }
}

const listenerLine = ({ name, address, isListening, active }: ChangedListener): string =>
  `${name}: ${isListening ? `listening on ${address}` : 'closed'}, ${counted(active, 'connection')}`
