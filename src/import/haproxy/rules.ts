/** Rules about connections (`tcp-request connection`, `session`) → lists and limits of a listener. */
import { explainAddressRange } from '../../address-set.js'
import { deny, type Entry } from '../access.js'
import { type Fields, put } from '../draft.js'
import type { Remarks } from '../remarks.js'
import type { Conjunction, Fact } from './conditions.js'
import type { ProxyDraft, Rule } from './proxy-draft.js'

/** `deny` goes first in millrace. So what HAProxy accepts before it rejects becomes an exception from what it rejects. */
export function addConnectionRules(draft: ProxyDraft, fields: Fields, remarks: Remarks): void {
  const accepted: Entry[] = []
  for (const rule of draft.connectionRules) {
    const { line, action, condition } = rule
    if (typeof condition === 'string') {
      remarks.leftOut(line, condition)
      continue
    }
    if (condition.length === 1 && condition[0]!.length === 0) {
      if (action === 'reject') {
        if (accepted.length > 0) put(fields, 'limits.allow', accepted)
        else remarks.leftOut(line, 'it rejects everybody')
      }
      return
    }
    for (const conjunction of condition) addRule(rule, conjunction, accepted, fields, draft, remarks)
  }
}

function addRule(
  { line, action }: Rule,
  conjunction: Conjunction,
  accepted: Entry[],
  fields: Fields,
  draft: ProxyDraft,
  remarks: Remarks,
): void {
  const [only, ...others] = conjunction
  if (only === undefined || others.length > 0) {
    remarks.leftOut(line, 'millrace compares an address or a number here, and not several conditions')
    return
  }
  const entries = entriesOf(only)
  const isLimit = (only.kind === 'connections' || only.kind === 'rate') && !only.isNegated
  if (isLimit && action === 'reject') addLimit(only, fields, draft)
  else if (entries === undefined)
    remarks.leftOut(line, 'millrace knows only the address of a client here, and how many connections it has')
  else if (action === 'accept' && !only.isNegated) accepted.push(...entries)
  else if (action === 'reject' && only.isNegated) put(fields, 'limits.allow', [...accepted, ...entries])
  else if (action === 'reject') deny(entries, accepted, fields)
  else remarks.leftOut(line, 'millrace has no rule that accepts all but some addresses: write limits.deny')
}

/** Undefined: it is not about addresses, or one of them is none. */
function entriesOf({ kind, values, files }: Fact): Entry[] | undefined {
  if (kind !== 'source' || values.some((value) => explainAddressRange(value) !== undefined)) return undefined
  return [...values, ...files.map((file) => ({ file }))]
}

function addLimit({ kind, values }: Fact, fields: Fields, { rateSeconds }: ProxyDraft): void {
  const most = Number(values[0])
  if (kind === 'connections') put(fields, 'limits.perSource.maxConnections', most)
  else put(fields, 'limits.perSource.newPerSecond', { rate: most / rateSeconds, burst: most })
}
