/** Lists of client addresses, written in the config or in files. */
import * as z from 'zod'
import { explainAddressRange } from '../../address-set.js'
import type { AccessList } from '../../limits/policy.js'
import { quote } from '../wording.js'
import * as fields from './fields.js'

const AN_ENTRY = 'addresses such as 10.0.0.0/8, or a map: { file: PATH }'

const file = fields.strictMap(AN_ENTRY, {
  file: fields.checkedTextField('the path of a file', (text) => (text === '' ? 'write a path' : undefined)),
})

/** A text is a range of addresses. */
const entry = z.unknown().transform((value, context): { addresses: string } | { file: string } => {
  if (typeof value === 'string') {
    const message = explainAddressRange(value.replace(/^!/, ''))
    if (message === undefined) return { addresses: value }
    context.addIssue({ code: 'custom', message: `${quote(value)}: ${message}${hintOf(value)}` })
    return z.NEVER
  }
  const result = file.safeParse(value)
  if (result.success) return result.data
  context.issues.push(
    ...result.error.issues.map((issue) => ({ ...issue, input: value }) as z.core.$ZodRawIssue),
  )
  return z.NEVER
})

export const accessListField: z.ZodType<AccessList> = fields
  .oneOrMore(`a list of ${AN_ENTRY}`, entry)
  .transform((entries) => ({
    addresses: entries.flatMap((each) => ('addresses' in each ? [each.addresses] : [])),
    files: entries.flatMap((each) => ('file' in each ? [each.file] : [])),
  }))

const hintOf = (text: string): string =>
  /\.(?:txt|list|lst|conf|acl)$|^\.{0,2}\//.test(text) ? `. For a file, write { file: ${text} }` : ''
