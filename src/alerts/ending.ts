import type { UnixSeconds } from '../base/clock.ts'

const DAY = 86_400
/** Told once at each of these, in days. */
const STAGES = [0, 1, 7, 30] as const

/** How near something is to its end; nothing where that is far away. */
export function endingOf(
  endsAt: UnixSeconds,
  now: UnixSeconds,
): { stage: number; says: string } | undefined {
  const stage = STAGES.find((days) => endsAt - now <= days * DAY)
  if (stage === undefined) return undefined
  const at = `${new Date(endsAt * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  if (stage === 0) return { stage, says: `has ended on ${at}` }
  const days = Math.floor((endsAt - now) / DAY)
  const left = days === 0 ? 'less than a day' : days === 1 ? 'one day' : `${days} days`
  return { stage, says: `ends in ${left}, on ${at}` }
}
