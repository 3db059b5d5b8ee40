/** Makes the tables of docs/config.md from the words in src/config/keys/. Pure. */

const HEAD = '| key | what it does | values | default | 0 means |\n|---|---|---|---|---|'
/** The table of a section stands between such a pair of lines, and nothing else does. */
const TABLE = /(<!-- keys: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g

/** `page` with every table of `sections`, and the sections that have no place in it. */
export function withKeyTables(page, sections) {
  const left = new Set(Object.keys(sections))
  const text = page.replace(TABLE, (_, begin, name, end) => {
    left.delete(name)
    return `${begin}${tableOf(sections[name])}\n${end}`
  })
  return { text, missing: [...left] }
}

function tableOf(keys) {
  return [HEAD, ...Object.entries(keys).map(rowOf)].join('\n')
}

function rowOf([key, words]) {
  const { does, takes, zero = '–' } = words
  return `| \`${key}\` | ${does} | ${takes} | ${words.default} | ${zero} |`
}
