/** Why a process or a connection does not splice. Undefined if it does. */
export type NotSplicing =
  | 'not-linux'
  | 'not-node'
  | 'addon-missing'
  | `addon-failed: ${string}`
  | 'switched-off'
  | 'pipe-quota'
  | 'fd-limit'
  | `kernel-refused: ${string}`
  | 'not-a-plain-socket'
  | 'small'
