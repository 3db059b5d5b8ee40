/**
 * What a config no longer names is remembered for its counts, so that counts never fall. The memory is
 * limited. Otherwise a proxy whose backends change by the minute would grow for as long as it runs.
 */

/** How many of each kind are remembered. */
const MOST_LEFT = 100

/** Forgets those that left first, if there are more than MOST_LEFT. It never forgets one that is in use. */
export function forgetLongestGone<Item>(
  left: Map<string, Item>,
  isInUse: (item: Item, name: string) => boolean,
): void {
  for (const [name, item] of left) {
    if (left.size <= MOST_LEFT) return
    if (!isInUse(item, name)) left.delete(name)
  }
}
