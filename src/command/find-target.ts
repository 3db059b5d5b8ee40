/**
 * Finds the millrace that the command asks: the one that the user names, or the only one of this user that
 * runs.
 */
import { readFileSync } from 'node:fs'
import { type Address, formatAddress } from '../address.js'
import { findAdminSockets } from '../admin/default-address.js'
import { parseAdminAddress } from '../config/schemas/admin-schema.js'
import { MillraceError } from '../errors.js'
import type { Target } from './client.js'
import type { Asking } from './verbs/question.js'

/** Rejects with `admin-failed` if it is not clear which one is meant. */
export async function findTarget({ admin, tokenFile }: Asking, env: NodeJS.ProcessEnv): Promise<Target> {
  const address = admin ?? named(env.MILLRACE_ADMIN) ?? (await theOneThatRuns(env))
  if (address.kind === 'unix' && tokenFile !== undefined)
    throw failed(
      `--token-file is for an admin address HOST:PORT: ${formatAddress(address)} needs no token, remove it`,
    )
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
    throw failed('found no running millrace of this user: start one, or add --admin ADDRESS')
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
    throw failed(`cannot read --token-file ${JSON.stringify(file)}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

const failed = (message: string): MillraceError => new MillraceError('admin-failed', message)
