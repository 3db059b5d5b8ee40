/**
 * PEM as a config gives it: the text itself, or the path of a file that holds it.
 */
import { readFileSync } from 'node:fs'

export const isPem = (text: string): boolean => text.includes('-----BEGIN ')

export interface NamedPem {
  readonly text: string
  /** Undefined where the config holds the text itself. */
  readonly path: string | undefined
}

/** Throws as `readFileSync` does. */
export function readNamedPem(pemOrPath: string): NamedPem {
  return namedPem(pemOrPath, readPem(pemOrPath))
}

/** For a text that was read before. */
export function namedPem(pemOrPath: string, text: string): NamedPem {
  return { text, path: isPem(pemOrPath) ? undefined : pemOrPath }
}

/** Throws as `readFileSync` does. */
export function readPem(pemOrPath: string): string {
  return isPem(pemOrPath) ? pemOrPath : readFileSync(pemOrPath, 'utf8')
}
