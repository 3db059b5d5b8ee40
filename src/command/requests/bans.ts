/**
 * Clients that are turned away for a while: ban them, end bans, list bans. Pure.
 */
import type { BanInfo, BanList, Banned, Unbanned } from '../../control/answers.js'
import type { BanOrder, BanQuery, FromOutside, UnbanOrder } from '../../control/orders.js'
import { count, counted, time } from '../../figures.js'
import { type Column, table } from '../table.js'
import type { Request } from './request.js'

const COLUMNS: readonly Column<BanInfo>[] = [
  { title: 'CLIENTS', text: ({ network }) => network },
  { title: 'LISTENER', text: ({ listener }) => listener ?? 'all' },
  { title: 'BY', text: ({ by }) => by },
  { title: 'LEFT', isRight: true, text: ({ leftMs }) => time(leftMs) },
  { title: 'REFUSED', isRight: true, text: ({ refused }) => count(refused) },
  { title: 'WHY', text: ({ why }) => why },
]

export function bansRequest(asked: BanQuery): Request {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(asked)) query.append(key, String(value))
  return { method: 'GET', path: `/api/v1/bans?${query}`, lines: (answer) => listLines(answer as BanList) }
}

export function banRequest(order: BanOrder): Request {
  return {
    method: 'POST',
    path: '/api/v1/bans',
    body: order,
    lines: (answer) => bannedLines(answer as Banned, order),
  }
}

export function unbanRequest(order: FromOutside<UnbanOrder>): Request {
  return {
    method: 'POST',
    path: '/api/v1/bans/lift',
    body: order,
    lines: (answer) => [`ended ${counted((answer as Unbanned).unbanned, 'ban')}`],
  }
}

function listLines({ matched, bans }: BanList): string[] {
  if (matched === 0) return ['no bans']
  const lines = table(COLUMNS, bans)
  return bans.length < matched ? [...lines, `and ${matched - bans.length} more`] : lines
}

function bannedLines({ network, killed, trustedBy }: Banned, { forMs }: BanOrder): string[] {
  const ended = killed === undefined ? '' : `, killed ${counted(killed, 'connection')}`
  return [
    `banned ${network} for ${time(forMs)}${ended}`,
    ...trustedBy.map(
      (listener) =>
        `listener ${listener} trusts a proxy of this network: it turns away only clients that the proxy names`,
    ),
  ]
}
