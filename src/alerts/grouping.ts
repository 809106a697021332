import type { UnixSeconds } from '../base/clock.ts'
import type { Alert } from './alert.ts'
import { part, type Sighting, sightingsIn, type Tally, together } from './tally.ts'

/** What is remembered of one kind of alert. */
export interface Memory {
  /** What was seen lately and has not been told, in slices of time, oldest first. */
  slices: readonly Slice[]
  /** From an alert on, until there has been a quiet period without another. */
  episode?: Episode
  /** What was told already and has not ended, by a name of its own. */
  told?: readonly string[]
}

interface Slice {
  since: UnixSeconds
  tally: Tally
}

interface Episode {
  quietUntil: UnixSeconds
  /** What would have been alerts since. */
  gathered?: Tally
}

export interface Grouping {
  now: UnixSeconds
  /** What was seen since the last time. */
  seen?: Tally | undefined
  withinSeconds: number
  quietSeconds: number
  /** Which part of what was seen within that time is an alert, if any. */
  alarming(recent: Tally): Tally | undefined
}

export interface Grouped {
  /** Nothing, where there is nothing left to remember. */
  memory: Memory | undefined
  wakeAt?: UnixSeconds | undefined
  alert?: Pick<Alert, 'stage' | 'tally'> | undefined
}

export const NOTHING: Memory = { slices: [] }

/** Slices that the time which is looked back is cut into. */
const SLICES = 5

/**
 * Takes what is remembered one step further: the first alert goes out at once, and whatever else would be
 * one becomes a digest at the end of each quiet period.
 */
export function group(memory: Memory, grouping: Grouping): Grouped {
  const { now, withinSeconds, quietSeconds, alarming } = grouping
  const slices = withSeen(memory.slices, grouping)
  const recent = allOf(slices)
  const found = recent && alarming(recent)
  const rest = found ? without(slices, found) : slices
  const known = memory.episode
  const isQuiet = known !== undefined && (now < known.quietUntil || known.gathered !== undefined)
  const next = { slices: rest, ...(memory.told ? { told: memory.told } : {}) }
  const quietUntil = now + quietSeconds

  if (!known || !isQuiet) {
    // One that is over, and nothing came of it: as if there had been none.
    if (!found) return remembered(next, withinSeconds)
    const alert = { stage: 'first', tally: found } as const
    return { ...remembered({ ...next, episode: { quietUntil } }, withinSeconds), alert }
  }
  const gathered = found ? together(known.gathered, found) : known.gathered
  if (now < known.quietUntil || !gathered) {
    const episode = { quietUntil: known.quietUntil, ...(gathered ? { gathered } : {}) }
    return remembered({ ...next, episode }, withinSeconds)
  }
  const alert = { stage: 'digest', tally: gathered } as const
  return { ...remembered({ ...next, episode: { quietUntil } }, withinSeconds), alert }
}

function remembered(memory: Memory, withinSeconds: number): Grouped {
  const { slices, episode, told } = memory
  const isEmpty = slices.length === 0 && !episode && !told
  const last = slices.at(-1)
  const times = [
    ...(episode ? [episode.quietUntil] : []),
    // Only to be forgotten.
    ...(last ? [last.since + 2 * withinSeconds] : []),
  ]
  return {
    memory: isEmpty ? undefined : memory,
    ...(times.length > 0 ? { wakeAt: Math.min(...times) } : {}),
  }
}

function withSeen(slices: readonly Slice[], { now, seen, withinSeconds }: Grouping): Slice[] {
  // Also after a step of the clock, in whichever direction.
  const recent = slices.filter(({ since }) => Math.abs(now - since) < withinSeconds)
  if (!seen) return recent
  const last = recent.at(-1)
  if (last && now - last.since < withinSeconds / SLICES) {
    return [...recent.slice(0, -1), { since: last.since, tally: together(last.tally, seen) }]
  }
  return [...recent, { since: now, tally: seen }]
}

const allOf = (slices: readonly Slice[]): Tally | undefined =>
  slices.reduce<Tally | undefined>((sum, { tally }) => together(sum, tally), undefined)

/** What was told is not counted again. */
function without(slices: readonly Slice[], told: Tally): Slice[] {
  const gone = new Set(sightingsIn(told).map(([sighting]) => nameOf(sighting)))
  return slices.flatMap(({ since, tally }) => {
    const left = part(tally, (sighting) => !gone.has(nameOf(sighting)))
    return left ? [{ since, tally: left }] : []
  })
}

const nameOf = (sighting: Sighting): string =>
  JSON.stringify([sighting.source, sighting.userId, sighting.what])
