/** What bash completes after `millrace`. Pure. */
import { type CommandData, commandsIn, type Values } from './grammar.js'

/** `set --` has the words to choose from. bash makes words of their own of `=` and of `:`. */
export function bashCompletion(program: CommandData): string {
  const commands = commandsIn(program)
  return `# bash completion for millrace
_millrace() {
  local millrace=$1 cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} verb= word files=
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $verb:$word in
      ${commands.map(({ path }) => ending(path)).join(' | ')}) verb="\${verb:+$verb }$word" ;;
    esac
  done
  case $verb:$prev in
${[program, ...commands].flatMap(valueCases).join('\n')}
    *)
      case $verb in
${[...commands, program].map(wordCase).join('\n')}
      esac
      ;;
  esac
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
  fi
}
complete -F _millrace millrace
`
}

/** `add:backend` for `add backend`, `:drain` for `drain`. */
function ending(path: string): string {
  const at = path.lastIndexOf(' ')
  return quotedCase(path.slice(0, Math.max(0, at)), path.slice(at + 1))
}

const quotedCase = (verb: string, word: string): string =>
  verb.includes(' ') ? `"${verb}":${word}` : `${verb}:${word}`

function valueCases({ path, options }: CommandData): string[] {
  return options
    .filter(({ hasValue }) => hasValue)
    .map(({ long, values }) => `    ${quotedCase(path, long)}) ${offer(values) ?? 'return'} ;;`)
}

/** Undefined: bash offers nothing. bash would divide a name with a colon, so it gets none. */
function offer(values: Values): string | undefined {
  if (values === undefined) return undefined
  if (values === 'files') return 'files=1'
  if ('choices' in values) return `set -- ${values.choices.join(' ')}`
  return `set -- $("$millrace" names ${values.names} 2>/dev/null | grep -v :)`
}

/** Behind a command, a word with a dash is an option. Others are parts of the command, or its arguments. */
function wordCase({ path, options, commands, ...command }: CommandData): string {
  const label = path === '' ? '*' : `"${path}"`
  const flags = options.flatMap(({ names }) => names).join(' ')
  const argument = command.arguments.map(({ values }) => offer(values)).find((each) => each !== undefined)
  const words = argument ?? `set -- ${commands.map(({ name }) => name).join(' ')}`
  return `        ${label}) if [[ $cur == -* ]]; then set -- ${flags}; else ${words}; fi ;;`
}
