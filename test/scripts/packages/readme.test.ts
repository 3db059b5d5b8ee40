/** The README in the package: a registry shows it without the other files of the checkout. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const { withoutRelativeLinks } = await import(
  new URL('../../../scripts/packages/readme.mjs', import.meta.url).href
)

const packed = (markdown: string): string =>
  withoutRelativeLinks(markdown, (path: string) => path.startsWith('docs/'))

describe('the README of the package', () => {
  it('the README of the package has no relative link and no picture', () => {
    const text = packed(readFileSync(new URL('../../../README.md', import.meta.url), 'utf8'))
    const outsideOfCode = text.replace(/```[\s\S]*?```|`[^`\n]+`/g, '')
    expect(outsideOfCode.match(/\]\((?!https?:|#)[^)]*\)|<(img|picture|source)\b/g)).toBeNull()
    expect(text).toContain('# millrace')
    expect(text).toContain('`docs/library.md`')
  })

  it.each([
    ['a link that is a path', '[docs/a.md](docs/a.md#b) has it', '`docs/a.md` has it'],
    ['a link with words', 'see [limits](docs/limits.md)', 'see limits (`docs/limits.md`)'],
    ['a link to a file that is not packed', '[Contributing](CONTRIBUTING.md)', 'Contributing'],
    [
      'a link on the page, or to another site',
      '[a](#a) [b](https://b.example)',
      '[a](#a) [b](https://b.example)',
    ],
    ['an image', '![the page](docs/page.png)', '*the page*'],
    ['a picture', '<picture>\n<source srcset="a.png">\n<img alt="it" src="b.png">\n</picture>', '*it*'],
    ['code', '`a[0](b)`\n```\n[a](b)\n```', '`a[0](b)`\n```\n[a](b)\n```'],
  ])('in the README of the package, %s is fit for a registry', (_, given, expected) => {
    expect(packed(given)).toBe(expected)
  })
})
