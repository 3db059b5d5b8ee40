/**
 * The README as a registry shows it. A registry does not know where the other files are, so relative links
 * and pictures would lead nowhere. A file of the package is named by its path instead.
 */

/** Blocks and spans of code stay as they are: nothing in them is a link. */
const CODE = /(```[\s\S]*?```|`[^`\n]+`)/
const PICTURE = /<picture>[\s\S]*?alt="([^"]*)"[\s\S]*?<\/picture>/g
const IMAGE = /!\[([^\]]*)\]\((?!https?:)[^)]*\)/g
const LINK = /\[([^\]]+)\]\((?!https?:|#)([^)#]*)(?:#[^)]*)?\)/g

/** `isPacked` says whether the package has the file of that path. */
export function withoutRelativeLinks(markdown, isPacked) {
  return markdown
    .split(CODE)
    .map((part, i) => (i % 2 === 1 ? part : rewrite(part, isPacked)))
    .join('')
}

function rewrite(text, isPacked) {
  return text
    .replace(PICTURE, '*$1*')
    .replace(IMAGE, '*$1*')
    .replace(LINK, (_, words, path) => {
      if (words === path) return `\`${path}\``
      return isPacked(path) ? `${words} (\`${path}\`)` : words
    })
}
