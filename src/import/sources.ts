/** The proxies whose configs can be imported. */
export const SOURCES = ['haproxy', 'nginx'] as const
export type Source = (typeof SOURCES)[number]
