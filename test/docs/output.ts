/** Whether what a command printed is what its page shows. Numbers, times, sizes and ids differ from run to run. Pure. */

const ID = /\b[0-9A-HJKMNP-TV-Z]{26}\b/g
/** A backend may already rest when the command shows it. */
const REST = /, rests [\d.]+m?s/g
const NUMBER = /\d+(\.\d+)?( ?([KMGTP]?B(\/s)?|m?s|[mhd]|%))?(?![A-Za-z0-9])/g
/** On a line by itself it stands for any number of lines, elsewhere for any text. */
const LEFT_OUT = '…'
/** In a line of words it stands for any number of them. */
const LEFT_OUT_WORDS = ` ${LEFT_OUT} `

/** Text with `#` for each run of numbers. */
export function withoutNumbers(text: string): string {
  return text
    .replaceAll(ID, '#')
    .replaceAll(REST, '')
    .replaceAll(NUMBER, '#')
    .replaceAll('–', '#')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/#( #)+/g, '#')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
}

/** Matches what a command may print if the page shows `lines`. Use it on text from `withoutNumbers`. */
export function patternOf(lines: readonly string[]): RegExp {
  const shown = withoutNumbers(lines.join('\n')).split('\n')
  const patterns = shown.map((line) =>
    line === LEFT_OUT ? '(?:.*\n)*?' : `${line.split(LEFT_OUT_WORDS).map(inLine).join('(?: .*)? ')}\n`,
  )
  return new RegExp(`^${patterns.join('')}$`)
}

const inLine = (text: string): string => text.split(LEFT_OUT).map(escaped).join('.*')

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
