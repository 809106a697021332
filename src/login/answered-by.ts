import type { Factor } from '../factors/contract.ts'
import type { Credential } from '../model/factor.ts'
import type { CredentialRepository } from '../store/contract.ts'

/**
 * Where one question serves several authenticators of a person, the answer tells which of them gave it.
 *
 * @param asked The credential that the question was put about.
 * @param text The answer; may be hostile.
 * @returns Another active credential of the same person and kind, or the one that was asked.
 */
export async function answeredBy(
  asked: Credential,
  text: string,
  { factor, credentials }: { factor: Factor | undefined; credentials: CredentialRepository },
): Promise<Credential> {
  const { kind, userId, handle } = asked
  const given = factor?.discovery?.handleOf(text)
  if (given === undefined || given === handle) return asked
  const other = await credentials.findByHandle(kind, given)
  return other?.userId === userId && other.state === 'active' ? other : asked
}
