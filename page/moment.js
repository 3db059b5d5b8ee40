// @ts-check
/**
 * What the admin address tells each second. Types only.
 *
 * @typedef {object} Traffic
 * @property {number} bytesUp
 * @property {number} bytesDown
 * @property {number} splicedUp
 * @property {number} splicedDown
 *
 * @typedef {object} Histogram
 * @property {number[]} bounds
 * @property {number[]} counts
 * @property {number} sum
 *
 * @typedef {object} Listener
 * @property {string} name
 * @property {string} address
 * @property {boolean} isListening
 * @property {boolean} [isLeaving] no config names it any more
 * @property {number} active
 * @property {number} accepted
 * @property {number} ended
 * @property {Traffic} traffic
 *
 * @typedef {object} Backend
 * @property {string} address
 * @property {number} weight
 * @property {'up' | 'down' | 'drain'} setTo
 * @property {'up' | 'down' | 'unresolved'} state
 * @property {number} restingMs
 * @property {boolean} [isLeaving] no config names it any more
 * @property {number} active
 * @property {number} connections
 * @property {number} failures
 * @property {string} [lastError]
 * @property {Traffic} traffic
 * @property {Histogram} connectSeconds of this backend alone
 * @property {Histogram} firstByteSeconds
 *
 * @typedef {object} Cluster
 * @property {string} name
 * @property {Histogram} connectSeconds
 * @property {Histogram} firstByteSeconds
 * @property {Backend[]} backends
 *
 * @typedef {object} Ending
 * @property {string} listener
 * @property {string} [cluster]
 * @property {string} by
 * @property {string} phase
 * @property {string} cause
 * @property {number} count
 * @property {boolean} isError a failure, not an ordinary end
 *
 * @typedef {object} Drain that runs
 * @property {{ listener?: string, cluster?: string, backend?: string }} scope nothing: everything
 * @property {number} left connections
 * @property {string} [deadlineAt] ISO 8601
 *
 * @typedef {object} Direction
 * @property {number} bytes
 * @property {number} splicedBytes
 * @property {number} bytesPerSecond
 * @property {string} [carrier]
 * @property {string} [notSplicing]
 *
 * @typedef {object} Connection
 * @property {string} id
 * @property {string} listener
 * @property {string} client
 * @property {string} phase
 * @property {string} [cluster]
 * @property {string} [backendAddress]
 * @property {string} [sni]
 * @property {number} ageMs
 * @property {Direction} up
 * @property {Direction} down
 *
 * @typedef {object} Status
 * @property {string} state
 * @property {string} version
 * @property {string} [startedAt]
 * @property {number} workers
 * @property {number} [workersWanted]
 * @property {number} [workersSilent] that do not answer: their part of the figures is old
 * @property {number} [workerDeaths] without an order
 * @property {string[]} [workersDiffer] what is not the same in all of them
 * @property {Drain[]} [drains]
 * @property {string} engine
 * @property {string} [notSplicing]
 * @property {Listener[]} listeners
 * @property {Cluster[]} clusters
 * @property {Traffic & { active: number, ended: number }} connections
 * @property {Ending[]} endings
 *
 * @typedef {object} Moment
 * @property {Status} status
 * @property {Connection[]} connections
 * @property {boolean} mayChange
 */
export {}
