/**
 * The flags that all verbs have, and what several verbs need to read theirs. Pure.
 */
import type { Command } from 'commander'
import type { Address } from '../../address.js'
import { adminAddressField } from '../../config/schemas/admin-schema.js'
import { durationField } from '../../config/schemas/fields.js'
import { readBy } from '../flags.js'
import type { Asking } from './question.js'

export const ALL_ALONE = '--all means everything: remove the other options'
export const duration = readBy(durationField)

export interface CommonFlags {
  readonly admin?: Address
  readonly tokenFile?: string
  readonly json?: true
}

export function withCommonFlags(verb: Command): Command {
  return verb
    .option(
      '--admin <address>',
      'which millrace to ask: unix:/path or HOST:PORT (default: $MILLRACE_ADMIN, or the one that runs)',
      readBy(adminAddressField),
    )
    .option(
      '--token-file <file>',
      'file that holds the token for HOST:PORT (default: the token in $MILLRACE_ADMIN_TOKEN)',
    )
    .option('--json', 'print the answer of the API as JSON')
}

export function askingOf({ admin, tokenFile, json }: CommonFlags): Asking {
  return { admin, tokenFile, isJson: json ?? false }
}

/** The value without its undefined fields. */
export function given<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value
}
