// @ts-check
/** Dark or light. The page follows the system until you press the button. */
import { recall, remember } from './memory.js'
import { element } from './place.js'

const root = document.documentElement
const system = matchMedia('(prefers-color-scheme: dark)')

/** @param {() => void} changed */
export function startTheme(changed) {
  set(recall('localStorage', 'theme'))
  changed()
  element('theme').addEventListener('click', () => {
    const isDark = root.dataset.theme === undefined ? system.matches : root.dataset.theme === 'dark'
    const theme = isDark ? 'light' : 'dark'
    set(theme)
    remember('localStorage', 'theme', theme)
    changed()
  })
  system.addEventListener('change', changed)
}

/** @param {string | null} theme */
function set(theme) {
  if (theme === 'dark' || theme === 'light') root.dataset.theme = theme
}
