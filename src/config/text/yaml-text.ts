/**
 * YAML or JSON text → one tree of nodes, and what is wrong with the text. It must stay cheap whatever the
 * text is, so it checks the limits token by token. The composer recurses for each level of nesting, and some
 * hundred levels can end the whole process. It also makes an error with a stack for each bad token.
 */
import { Composer, type Document, Lexer, type ParsedNode, Parser, type YAMLError } from 'yaml'
import { shorten } from '../wording.js'

/** A config has 5 levels. */
export const MOST_LEVELS = 32
/** Room for some 15,000 backends. 100,000 bad tokens cost about a second. */
const MOST_TOKENS = 100_000
/** Far more than any value or comment needs. A bad escape costs as much as a bad token. */
const LONGEST_TOKEN_CHARS = 16 * 1024
/** One mistake makes many syntax errors after it, so later ones tell little. */
const MOST_SYNTAX_ERRORS = 20
/** Some messages quote what they found. */
const LONGEST_MESSAGE_CHARS = 200

/**
 * YAML does not allow them (chapter 5.1). Some of them have a private meaning between its lexer and its
 * parser.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTER = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]/

/** Something wrong at a place in the text. */
export interface Complaint {
  readonly offset: number
  /** Path of the value, as in `listeners[0].address`. Empty: the text as a whole. */
  readonly path: string
  readonly message: string
}

export interface YamlText {
  /** Undefined: the text is empty or past a limit. */
  readonly root: ParsedNode | undefined
  readonly complaints: readonly Complaint[]
}

type Tokens = ReturnType<Parser['end']> extends Generator<infer Token> ? Token[] : never

export function parseYamlText(text: string): YamlText {
  const control = CONTROL_CHARACTER.exec(text)
  if (control !== null)
    return reject(control.index, `control character ${codePoint(control[0])} is not allowed: remove it`)
  const tokens = tokenize(text)
  return 'message' in tokens ? reject(tokens.offset, tokens.message) : compose(tokens, text)
}

function tokenize(text: string): Tokens | Omit<Complaint, 'path'> {
  const parser = new Parser()
  const tokens: Tokens = []
  let count = 0
  for (const lexeme of new Lexer().lex(text)) {
    const offset = parser.offset
    if (++count > MOST_TOKENS)
      return { offset, message: `the file has more than ${MOST_TOKENS} tokens: is it the right file?` }
    if (lexeme.length > LONGEST_TOKEN_CHARS) {
      return {
        offset,
        message: `a value, comment or blank here has more than ${LONGEST_TOKEN_CHARS} characters: make it shorter`,
      }
    }
    tokens.push(...parser.next(lexeme))
    if (parser.stack.length > MOST_LEVELS)
      return { offset, message: `this is nested more than ${MOST_LEVELS} levels deep: use fewer levels` }
  }
  tokens.push(...parser.end())
  return tokens
}

function compose(tokens: Tokens, text: string): YamlText {
  // `tree.ts` compares keys, because the composer would compare each with all others. The schema is fixed,
  // because a %YAML 1.1 line would otherwise turn `no` into false and dates into objects.
  const composer = new Composer({
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    stringKeys: true,
    logLevel: 'silent',
  })
  const [document, second] = composer.compose(tokens, true, text.length)
  const complaints = document === undefined ? [] : syntaxErrors(document, text)
  if (second !== undefined) {
    complaints.push({
      offset: second.range[0],
      path: '',
      message: 'a second YAML document begins here: remove it, because a config is one document',
    })
  }
  return { root: document?.contents ?? undefined, complaints }
}

/**
 * Only the first error of each line, because the others follow from it. A warning (an unknown tag) is an
 * error here.
 */
function syntaxErrors(document: Document.Parsed, text: string): Complaint[] {
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
  const complaints: Complaint[] = []
  let lineEnd = -1
  for (const error of errors) {
    const [offset] = error.pos
    if (offset <= lineEnd) continue
    if (complaints.length === MOST_SYNTAX_ERRORS) {
      complaints.push({
        offset,
        path: '',
        message: 'there are more syntax errors: correct the ones above first',
      })
      break
    }
    complaints.push({ offset, path: '', message: explain(error, text) })
    lineEnd = endOfLine(text, offset)
  }
  return complaints
}

function explain(error: YAMLError, text: string): string {
  const [offset] = error.pos
  const message = shorten(error.message, LONGEST_MESSAGE_CHARS)
  if (text.startsWith('${', offset - 1)) return `${message}; inside { } and [ ], write \${…} in quotes`
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, endOfLine(text, offset))
  const [address] = /(?<!["'])\[[\da-f.]*:[\da-f:.]*\]:\d+/i.exec(line) ?? []
  if (address !== undefined) return `${message}; write the address in quotes: "${address}"`
  return error.code === 'NON_STRING_KEY' ? 'a key must be text: put it in quotes' : message
}

function endOfLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end === -1 ? text.length : end
}

function reject(offset: number, message: string): YamlText {
  return { root: undefined, complaints: [{ offset, path: '', message }] }
}

function codePoint(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}
