/** Errors of the verbs that ask a running millrace. These change nothing, so all tests ask the same millrace. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { VerbsRig } from './verbs-rig.js'

const folder = temporaryFolder()

let rig: VerbsRig
beforeAll(async () => {
  rig = await VerbsRig.start(folder)
})
afterAll(() => rig.end())

describe('verbs that fail', () => {
  it.concurrent.each([
    ['kill', 'kill needs connection ids'],
    ['drain', 'drain needs'],
    ['backend pg x:1', 'backend needs --state or --weight'],
    ['connections --client nonsense', 'expected addresses'],
    ['connections --idle soon', 'soon'],
    ['status extra', 'too many arguments'],
    ['backend pg x:1 --state sideways', 'Allowed choices'],
    ['status --admin 10.0.0.1:1', 'loopback'],
    ['kill --all --listener postgres', '--all means everything: remove the other options'],
    ['drain --all --cluster pg', '--all means everything: remove the other options'],
    ['drain --backend x:1', '--backend needs --cluster NAME'],
    ['drain --listener postgres --cluster pg', '--listener or --cluster, not both'],
    ['drain --all --deadline 1s --spread 2s', '--spread is longer than --deadline'],
    ['drain --all --deadline 30d', 'at most 24d'],
    ['backend pg x:1 --weight 5000', 'from 0 to 1000'],
    ['connections --limit 0', 'from 1 to 1000'],
    ['connections --limit 1001', 'from 1 to 1000'],
    ['log --level debug --reopen', 'cannot be used with'],
  ])('`millrace %s` exits with 2 and says what is wrong with it', async (line, sentence) => {
    const { code, stderr } = await rig.ask(line)
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(sentence) })
  })

  it.concurrent.each([
    ['drain --listener nobody', 'there is no listener "nobody"'],
    ['drain --listener postgre', 'did you mean "postgres"?'],
    ['connections --listener reddis', 'there is no listener "reddis"; did you mean "redis"?'],
    ['kill --listener reddis', 'did you mean "redis"?'],
    ['kill --cluster cach', 'did you mean "cache"?'],
    ['kill NOSUCHID', 'there is no connection "NOSUCHID"'],
    ['backend pg 127.0.0.1:1 --weight 2', 'there is no backend "127.0.0.1:1" in cluster "pg"'],
    ['status --admin 127.0.0.1:1', 'no millrace answers at 127.0.0.1:1: ECONNREFUSED'],
    ['status --admin 127.0.0.1:1 --token-file /nonexistent', 'cannot read --token-file'],
  ])('`millrace %s` exits with 1 and says why', async (line, sentence) => {
    const { code, stderr } = await rig.ask(line)
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) })
  })
})
