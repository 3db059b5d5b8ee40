/**
 * Where a value sits in a config, and a finding about it that does not know its file or line yet. Pure.
 */

/** Keys and list indices from the top. */
export type Path = readonly PropertyKey[]

/**
 * One thing wrong with a config, by path. `load.ts` and `validate.ts` turn it into a Problem with a position.
 */
export interface Finding {
  readonly path: Path
  readonly message: string
  /** Whether the key itself is wrong, or its value. */
  readonly about: 'key' | 'value'
  /** Another place that the message names. */
  readonly first?: Path
}

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/

/**
 * The path as people write it: `listeners[0].address`, `clusters["a.b"]`. Two different paths never give the
 * same text.
 */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    if (!PLAIN_KEY.test(String(key))) return `${text}[${JSON.stringify(String(key))}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
}
