/**
 * Screens of a terminal → one SVG that plays them, a screen a second. Pure.
 *
 * The screens stand below each other, as on a film. CSS moves the film behind a window, one screen at a time. The picture
 * needs nothing from outside. It has colours for light and dark, and stands still if the reader wants less motion.
 */
import { COLUMNS, type Screen } from './recording.js'

const CHAR_WIDTH = 7.8
const LINE_HEIGHT = 18
const MARGIN = 14
const WIDTH = Math.ceil(COLUMNS * CHAR_WIDTH) + 2 * MARGIN
const HEAD_HEIGHT = LINE_HEIGHT + MARGIN
/** Of a line of text, from the top of the line. */
const BASELINE = 13
/** Renderers make one space of several. They keep each of these. */
const FIXED_SPACE = '\u00a0'

/** `still` is the number of the screen that readers see who want no motion. */
export function drawTop(screens: readonly Screen[], still: number): string {
  const screenHeight = Math.max(...screens.map((lines) => lines.length)) * LINE_HEIGHT
  const height = HEAD_HEIGHT + screenHeight + MARGIN
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>millrace top, recorded for ${screens.length} seconds</title>
<style>${styleOf(screens.length, still, screenHeight)}</style>
<rect class="terminal" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
<text class="prompt" x="${MARGIN}" y="${MARGIN + BASELINE}">$ millrace top</text>
<svg x="${MARGIN}" y="${HEAD_HEIGHT}" width="${WIDTH - 2 * MARGIN}" height="${screenHeight}" overflow="hidden">
<g class="film">
${screens.map((lines, nth) => drawScreen(lines, nth * screenHeight)).join('\n')}
</g>
</svg>
</svg>
`
}

function styleOf(screens: number, still: number, screenHeight: number): string {
  const at = (screen: number): string => `translateY(${-screen * screenHeight}px)`
  return `text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328}
.terminal{fill:#fff;stroke:#d1d9e0}.prompt{fill:#59636e}
.film{animation:film ${screens}s steps(${screens}) infinite}
@keyframes film{to{transform:${at(screens)}}}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.terminal{fill:#0d1117;stroke:#3d444d}.prompt{fill:#9198a1}}
@media(prefers-reduced-motion:reduce){.film{animation:none;transform:${at(still)}}}`
}

function drawScreen(lines: Screen, top: number): string {
  return lines.map((line, row) => drawLine(line, top + row * LINE_HEIGHT + BASELINE)).join('')
}

/** Fonts differ: `textLength` keeps the columns below each other. */
function drawLine(line: string, y: number): string {
  if (line === '') return ''
  const width = Number((line.length * CHAR_WIDTH).toFixed(1))
  return `<text y="${y}" textLength="${width}" lengthAdjust="spacingAndGlyphs">${escaped(line)}</text>\n`
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll(' ', FIXED_SPACE)

/** The lines of all screens, as text. */
export function linesOf(svg: string): string[] {
  return [...svg.matchAll(/<text y=[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text
      .replaceAll(FIXED_SPACE, ' ')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&'),
  )
}
