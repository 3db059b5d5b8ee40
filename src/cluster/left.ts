/**
 * What a config no longer names is remembered for its counts, so that they never fall; but not all of it for ever, or
 * a proxy whose backends change by the minute would grow for as long as it runs.
 */

/** Of each kind. */
const MOST_LEFT = 100

/** Of more than that, those that left first; but nobody who is in use. */
export function forgetLongestGone<Item>(
  left: Map<string, Item>,
  isInUse: (item: Item, name: string) => boolean,
): void {
  for (const [name, item] of left) {
    if (left.size <= MOST_LEFT) return
    if (!isInUse(item, name)) left.delete(name)
  }
}
