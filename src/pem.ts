/**
 * PEM as a config gives it: the text itself, or the path of a file that holds it.
 */
import { readFileSync } from 'node:fs'

export const isPem = (text: string): boolean => text.includes('-----BEGIN ')

/** Throws as `readFileSync` does. */
export function readPem(pemOrPath: string): string {
  return isPem(pemOrPath) ? pemOrPath : readFileSync(pemOrPath, 'utf8')
}
