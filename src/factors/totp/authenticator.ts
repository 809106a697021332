import { generate } from 'otplib'
import * as z from 'zod'
import type { UnixSeconds } from '../../base/clock.ts'

const PERIOD_SECONDS = 30
const held = z.object({ secret: z.string() })

/**
 * What an authenticator app would show at a moment: for the demo, where nobody needs a phone.
 *
 * @param data What the factor keeps of an enrolled authenticator.
 */
export async function shownCode(
  data: unknown,
  now: UnixSeconds,
): Promise<{ code: string; secondsLeft: number }> {
  const { secret } = held.parse(data)
  const code = await generate({ secret, epoch: now })
  return { code, secondsLeft: PERIOD_SECONDS - (now % PERIOD_SECONDS) }
}
