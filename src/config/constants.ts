/** Values that the schema and a running proxy share. No schema is here, so a worker loads none. */

/** A longer duration is surely a mistake, and timers of 2^31 ms and more fire at once. */
export const LONGEST_DURATION_MS = 24 * 86_400_000

/** How many sources the tables of limits have room for, unless the config says another number. */
export const USUAL_SOURCES = 100_000
