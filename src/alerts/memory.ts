import type { Clock } from '../base/clock.ts'
import { newReference } from '../base/reference.ts'
import type { AlertRepository, AlertStep } from '../store/contract.ts'
import type { AlertKindName, AlertsConfig } from './config.ts'
import type { Finding, HeardKind } from './contract.ts'
import { type Grouped, group, type Memory, NOTHING } from './grouping.ts'
import { lettersFor } from './recipients.ts'
import { type Tally, tallyOf, together } from './tally.ts'

/** What is remembered of alerts, for all processes together and over a restart. */
export interface AlertMemory {
  /** Takes a kind further by what was seen of it, if anything. */
  hear(kind: HeardKind, seen: Tally | undefined): Promise<void>
  /** Takes a kind further by all that is found at this moment; nothing where nobody has looked. */
  find(
    kind: AlertKindName,
    found: readonly Finding[] | undefined,
    startsQuietly?: boolean,
  ): Promise<void>
}

export interface AlertMemoryDeps {
  repository: Pick<AlertRepository, 'update'>
  config: AlertsConfig
  clock: Clock
}

export function createAlertMemory({ repository, config, clock }: AlertMemoryDeps): AlertMemory {
  const step = (kind: AlertKindName, { memory, wakeAt, alert }: Grouped): AlertStep => {
    const now = clock.now()
    const whole = alert && { kind, reference: newReference(), at: now, ...alert }
    return {
      state: memory,
      ...(wakeAt === undefined ? {} : { wakeAt }),
      letters: whole ? lettersFor(whole, config, now) : [],
    }
  }

  return {
    hear: (kind, seen) =>
      repository.update(kind.name, (state) =>
        step(
          kind.name,
          group((state ?? NOTHING) as Memory, {
            now: clock.now(),
            seen,
            withinSeconds: kind.withinSeconds(config),
            quietSeconds: config.quiet,
            alarming: (recent) => kind.alarming(recent, config),
          }),
        ),
      ),

    find: (kind, found, startsQuietly = false) =>
      repository.update(kind, (state) => {
        const now = clock.now()
        const memory = (state ?? NOTHING) as Memory
        const isFirst = startsQuietly && memory.told === undefined
        const known = new Set(memory.told)
        const fresh = isFirst ? [] : (found ?? []).filter(({ name }) => !known.has(name))
        const told = found ? found.map(({ name }) => name) : memory.told
        // An empty list of whoever may be there is something to remember, and one of faults is not.
        const isOver = found?.length === 0 && !startsQuietly
        const { told: _, ...before } = memory
        return step(
          kind,
          group(isOver || !told ? before : { ...before, told }, {
            now,
            seen: fresh
              .map(({ sighting }) => tallyOf(sighting, now))
              .reduce<Tally | undefined>(together, undefined),
            withinSeconds: config.quiet,
            quietSeconds: config.quiet,
            alarming: (recent) => recent,
          }),
        )
      }),
  }
}
