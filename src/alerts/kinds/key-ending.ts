import type { Clock } from '../../base/clock.ts'
import { oneLine } from '../../base/one-line.ts'
import type { ApiKeyRepository, SigningKeyRepository } from '../../store/contract.ts'
import type { AlertKind, Finding, Lookout } from '../contract.ts'
import { endingOf } from '../ending.ts'
import { findingsOf, timesOf } from '../words.ts'

/** A key of an application is near its end, or the key that signs statements was not renewed. */
export const keyEnding: AlertKind = {
  name: 'key_ending',

  words(wording) {
    return {
      title: 'A key is near its end',
      sentences: findingsOf(wording),
      facts: [timesOf(wording)],
      command: 'gatehouse api-key list',
    }
  },
}

const LOOKS_EVERY_SECONDS = 3600
const DAY = 86_400
/** Keys sign for thirty days, and are renewed when one is needed; after these, that went wrong. */
const SIGNS_AT_MOST = 32 * DAY

export interface KeysLookoutDeps {
  apiKeys: Pick<ApiKeyRepository, 'list'>
  signingKeys: Pick<SigningKeyRepository, 'list'>
  clock: Clock
}

export const keysLookout = ({ apiKeys, signingKeys, clock }: KeysLookoutDeps): Lookout => ({
  name: 'key_ending',
  everySeconds: LOOKS_EVERY_SECONDS,

  async look() {
    const now = clock.now()
    const ending = (await apiKeys.list()).flatMap(({ id, application, expiresAt }): Finding[] => {
      const end = expiresAt === undefined ? undefined : endingOf(expiresAt, now)
      if (!end) return []
      const what = `The API key ${oneLine(id)} of ${oneLine(application)} ${end.says}. Make another one: gatehouse api-key create ${oneLine(application)}`
      return [{ name: `${id} ${end.stage}`, sighting: { what } }]
    })
    return [...ending, ...(await unrenewed(signingKeys, now))]
  },
})

/** Of each algorithm the key that signs at this moment must not be older than keys get. */
async function unrenewed(
  signingKeys: Pick<SigningKeyRepository, 'list'>,
  now: number,
): Promise<Finding[]> {
  const active = new Map<string, { id: string; activeAt: number }>()
  for (const { id, publicJwk, activeAt } of await signingKeys.list()) {
    if (activeAt > now) continue
    const { alg } = JSON.parse(publicJwk) as { alg?: string }
    const known = active.get(alg ?? '')
    if (!known || known.activeAt < activeAt) active.set(alg ?? '', { id, activeAt })
  }
  return [...active].flatMap(([algorithm, { id, activeAt }]) => {
    const days = Math.floor((now - activeAt) / DAY)
    if (now - activeAt <= SIGNS_AT_MOST) return []
    const what = `The ${algorithm} key that signs statements has done so for ${days} days and was not renewed. If statements are still asked for, the log says why not.`
    return [{ name: `signing ${id}`, sighting: { what } }]
  })
}
