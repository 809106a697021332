import type { Clock } from '../../base/clock.ts'
import type { SigningKeyRepository } from '../../store/contract.ts'
import { ANNOUNCED_FOR, algorithmOf, makeKey } from './signing-keys.ts'

/** How a new signing key comes: announced and then in force, at once, or at once and alone. */
export type Urgency = 'announced' | 'now' | 'leaked'

const RACES = 20

/**
 * Makes a new key for every algorithm that is in use. The ones before stay published, for whoever checks what
 * they have signed, unless they have leaked.
 *
 * @returns The ids of the new keys, and of those that were removed.
 */
export async function rotateSigningKeys(
  { repository, clock }: { repository: SigningKeyRepository; clock: Clock },
  urgency: Urgency,
): Promise<{ made: string[]; removed: string[] }> {
  for (let race = 0; race < RACES; race += 1) {
    const keys = await repository.list()
    const known = new Set(keys.map(({ id }) => id))
    const now = clock.now()
    const activeAt = urgency === 'announced' ? now + ANNOUNCED_FOR : now
    const made: string[] = []
    for (const algorithm of new Set(keys.map(algorithmOf))) {
      const key = await makeKey(algorithm, now, activeAt)
      // The gateway itself may renew them in this very moment.
      if (!(await repository.insert(key, known))) break
      known.add(key.id)
      made.push(key.id)
    }
    if (made.length < new Set(keys.map(algorithmOf)).size) continue
    const removed = urgency === 'leaked' ? keys.map(({ id }) => id) : []
    for (const id of removed) await repository.delete(id)
    return { made, removed }
  }
  throw new Error('signing keys change faster than they can be read')
}
