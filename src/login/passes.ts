import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { PasswordHasher } from '../base/password.ts'
import { issuePass, PASS_KIND } from '../factors/pass/issue.ts'
import type { Credential } from '../model/factor.ts'
import type { User } from '../model/user.ts'
import type { CredentialRepository } from '../store/contract.ts'

export interface PassesDeps {
  clock: Clock
  credentials: CredentialRepository
  hasher: PasswordHasher
}

/**
 * Gives somebody a pass, in the place of an earlier one, which may be in the wrong hands.
 *
 * @param wish `uses`: as in {@link issuePass}.
 * @returns The pass as it is told to its owner, this once, and what is kept of it.
 */
export async function givePass(
  { clock, credentials, hasher }: PassesDeps,
  { id: userId }: User,
  { seconds, uses }: { seconds: number; uses?: number },
): Promise<{ pass: string; credential: Credential }> {
  const now = clock.now()
  const { pass, data, label } = await issuePass(hasher, now + seconds, uses)
  for (const { id, kind } of await credentials.listByUser(userId)) {
    if (kind === PASS_KIND) await credentials.delete(id, userId)
  }
  const credential: Credential = {
    ...{ id: randomToken(16), userId, kind: PASS_KIND, label, data },
    ...{ version: 1, state: 'active', failures: 0, createdAt: now },
  }
  await credentials.insert(credential)
  return { pass, credential }
}
