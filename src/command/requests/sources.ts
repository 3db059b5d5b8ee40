/** Sources that limits count. Pure. */
import type { SourceInfo, SourceList } from '../../control/answers.js'
import type { SourceQuery } from '../../control/orders.js'
import { bytes } from '../../figures.js'
import { type Column, table } from '../table.js'
import type { Request } from './request.js'

const COLUMNS: readonly Column<SourceInfo>[] = [
  { title: 'SCOPE', text: ({ scope }) => scope },
  { title: 'SOURCE', text: ({ source }) => source },
  { title: 'CONNECTIONS', isRight: true, text: ({ connections }) => String(connections) },
  { title: 'NEW/S', isRight: true, text: ({ newPerSecond }) => String(newPerSecond) },
  {
    title: 'TODAY',
    isRight: true,
    isShown: (rows) => rows.some(({ bytesToday }) => bytesToday > 0),
    text: ({ bytesToday }) => bytes(bytesToday),
  },
]

export function sourcesRequest(asked: SourceQuery): Request {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(asked)) query.append(key, String(value))
  return {
    method: 'GET',
    path: `/api/v1/sources?${query}`,
    lines: (answer) => sourceLines(answer as SourceList),
  }
}

const NOT_SHARED =
  'workers cannot count together: each has its part of every limit, and these figures are their sums'

function sourceLines({ isShared, matched, sources }: SourceList): string[] {
  if (matched === 0) return ['no sources']
  const more = matched - sources.length
  return [
    ...table(COLUMNS, sources),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(isShared ? [] : [NOT_SHARED]),
  ]
}
