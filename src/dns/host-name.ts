/** Names as DNS has them. Pure. */

const LONGEST_NAME = 253
/** Host names and the labels of services, which begin with an underscore (RFC 1123 section 2.1, RFC 2782). */
const LABEL = /^[a-z\d_-]{1,63}$/
/** getaddrinfo(3) reads `127.1` and `0x7f.1` as addresses. DNS has no name that ends like them. */
const NUMERIC = /(?:^|\.)(?:\d+|0x[\da-f]*)$/

/** Whether DNS can be asked for `name`, which is in lower case and without the dot at its end. */
export function isAskable(name: string): boolean {
  return (
    name.length <= LONGEST_NAME && !NUMERIC.test(name) && name.split('.').every((label) => LABEL.test(label))
  )
}

/**
 * The names to ask for, in the order of getaddrinfo(3). A name with a dot at its end is complete. Others are tried as they
 * are and in each domain of `search`. Names that would be too long are left out.
 */
export function candidates(
  name: string,
  { search, ndots }: { readonly search: readonly string[]; readonly ndots: number },
): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)].filter(isAskable)
  const inDomains = search.map((domain) => (domain === '' ? name : `${name}.${domain}`))
  const dots = name.split('.').length - 1
  const all = dots >= ndots ? [name, ...inDomains] : [...inDomains, name]
  return [...new Set(all)].filter(isAskable)
}
