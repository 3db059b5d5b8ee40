/** Names of listeners and clusters: what other proxies allow and millrace does not is replaced. */

const MOST_CHARS = 63

/** A name that millrace takes. */
export function safeName(text: string): string {
  const name = text
    .replaceAll(/[^\w.:-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, MOST_CHARS)
  if (name === '') return 'unnamed'
  // The word rejects clients where the name of a cluster may stand.
  return name === 'reject' ? 'reject-1' : name
}

/** The name, with a number if it is taken. */
export function freeName(text: string, taken: { has(name: string): boolean }): string {
  const name = safeName(text)
  for (let number = 2; ; number++) {
    const candidate = number === 2 && !taken.has(name) ? name : `${name.slice(0, MOST_CHARS - 6)}-${number}`
    if (!taken.has(candidate)) return candidate
  }
}
