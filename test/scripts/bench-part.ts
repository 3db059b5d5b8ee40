/** The bench is plain JavaScript without types, so a test loads its parts as they are. */
export async function benchPart(name: string) {
  return await import(new URL(`../../scripts/bench/${name}.mjs`, import.meta.url).href)
}
