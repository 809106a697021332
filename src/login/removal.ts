import type { Credential } from '../model/factor.ts'
import type { Sessions } from '../session/sessions.ts'
import type { CredentialRepository } from '../store/contract.ts'

export interface RemovalDeps {
  credentials: Pick<CredentialRepository, 'delete'>
  sessions: Pick<Sessions, 'list' | 'revoke'>
}

/**
 * Removes an authenticator, and ends the sessions that were proved with it.
 *
 * @param except A session that goes on, of whoever removes it.
 * @returns How many ended; `undefined` when it was gone already.
 */
export async function removeAuthenticator(
  { credentials, sessions }: RemovalDeps,
  { id, userId }: Credential,
  except?: string,
): Promise<number | undefined> {
  if (!(await credentials.delete(id, userId))) return undefined
  const proved = (await sessions.list(userId)).filter(
    (session) => session.by?.includes(id) && session.id !== except,
  )
  for (const session of proved) await sessions.revoke(session.id)
  return proved.length
}
