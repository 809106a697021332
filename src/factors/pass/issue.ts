import { randomBytes } from 'node:crypto'
import * as z from 'zod'
import type { UnixSeconds } from '../../base/clock.ts'
import { inGroups } from '../../base/crockford.ts'
import type { PasswordHasher } from '../../base/password.ts'

export const PASS_KIND = 'pass'
export const PASS_SYMBOLS = 16
const PASS_BYTES = 10

/** What is kept of a pass. */
export const keptPass = z.strictObject({
  hash: z.string(),
  until: z.int(),
  /** Absent where it only opens the way to a new authenticator, once. */
  uses: z.int().optional(),
})

/** A pass, to be told to its owner, and what to keep of it. */
export interface IssuedPass {
  /** Shown this once. */
  pass: string
  data: z.output<typeof keptPass>
  label: string
}

/**
 * Makes a pass.
 *
 * @param until It opens nothing from then on.
 * @param uses As often it stands for a factor by itself. Without it, the pass only opens the way to a new
 * authenticator, once.
 */
export async function issuePass(
  hasher: PasswordHasher,
  until: UnixSeconds,
  uses?: number,
): Promise<IssuedPass> {
  const pass = inGroups(randomBytes(PASS_BYTES))
  const hash = await hasher.hash(pass.replaceAll('-', ''))
  const data = { hash, until, ...(uses === undefined ? {} : { uses }) }
  return { pass, data, label: 'Pass from an administrator' }
}
