/**
 * Whom the command asks: who is named, or the one process of this user's that runs.
 */
import { readFileSync } from 'node:fs'
import { type Address, formatAddress } from '../address.js'
import { findAdminSockets } from '../admin/default-address.js'
import { parseAdminAddress } from '../config/schemas/admin-schema.js'
import { MillraceError } from '../errors.js'
import type { Target } from './client.js'
import type { Asking } from './verbs.js'

/** Rejects with `admin-failed` where it is not clear who is meant. */
export async function findTarget({ admin, tokenFile }: Asking, env: NodeJS.ProcessEnv): Promise<Target> {
  const address = admin ?? named(env.MILLRACE_ADMIN) ?? (await theOneThatRuns(env))
  return { address, token: address.kind === 'unix' ? undefined : tokenOf(tokenFile, env) }
}

function named(text: string | undefined): Address | undefined {
  if (text === undefined || text === '') return undefined
  const address = parseAdminAddress(text)
  if (typeof address === 'string') throw failed(`MILLRACE_ADMIN: ${address}`)
  return address
}

async function theOneThatRuns(env: NodeJS.ProcessEnv): Promise<Address> {
  const found = await findAdminSockets(env)
  const [only] = found
  if (only === undefined) {
    throw failed('no millrace of this user runs here with an admin socket: start one, or add --admin ADDRESS')
  }
  if (found.length === 1) return only.address
  const each = found.map(({ address, pid }) => `--admin ${formatAddress(address)} (process ${pid})`)
  throw failed(`several millrace processes run: add one of these: ${each.join(', ')}`)
}

function tokenOf(file: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (file === undefined) return env.MILLRACE_ADMIN_TOKEN
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw failed(`cannot read the token in ${JSON.stringify(file)}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

const failed = (message: string): MillraceError => new MillraceError('admin-failed', message)
