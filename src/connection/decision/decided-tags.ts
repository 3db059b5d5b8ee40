/** Reads the tags that a route function returns. Each record of such a connection has them, so they are few and short. */
import { visible } from '../../escape.js'
import { isMap, type Reader, wrong } from './read-map.js'

const MOST_TAGS = 16
/** As for the tags of a listener. */
const MOST_KEY_CHARS = 63
const MOST_VALUE_CHARS = 256

export const readTags: Reader<Readonly<Record<string, string>>> = (value, at) => {
  if (!isMap(value)) throw wrong(at, 'a map of texts', value)
  const tags: Record<string, string> = {}
  const names = Object.keys(value)
  if (names.length > MOST_TAGS) throw wrong(at, `at most ${MOST_TAGS} tags`, names.length)
  for (const name of names) {
    const text = value[name]
    if (text === undefined) continue
    if (!isTagKey(name))
      throw wrong(at, `keys of 1 to ${MOST_KEY_CHARS} characters without control characters`, name)
    if (typeof text !== 'string' || text.length > MOST_VALUE_CHARS)
      throw wrong(`${at}.${name}`, `a text of at most ${MOST_VALUE_CHARS} characters`, text)
    tags[name] = text
  }
  return tags
}

const isTagKey = (name: string): boolean =>
  name !== '' && name !== '__proto__' && name.length <= MOST_KEY_CHARS && visible(name) === name
