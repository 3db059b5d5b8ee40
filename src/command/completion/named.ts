/** What has names in a config, and is completed by the names of the running millrace. Data only. */
export const NAMED = ['listener', 'cluster'] as const
export type Named = (typeof NAMED)[number]
