import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { newReference } from '../base/reference.ts'
import type { Channels } from '../channels/contract.ts'
import { reasonOf } from '../channels/errors.ts'
import type { AlertsConfig } from './config.ts'
import { createWays } from './delivery.ts'
import { createAlertLetters } from './letters.ts'
import { allRecipients } from './recipients.ts'

/** What became of a test for one recipient. */
export interface TestOutcome {
  to: string
  /** Absent where it was taken. */
  fault?: string
}

export interface TestAlertDeps {
  channels: Pick<Channels, 'for'>
  config: AlertsConfig
  clock: Clock
  /** The portal's name. */
  name: string
}

/** Sends everybody who is to be alerted one alert that says that it is a test, in one try each. */
export async function sendTestAlert(deps: TestAlertDeps): Promise<TestOutcome[]> {
  const { channels, config, clock } = deps
  const letters = createAlertLetters({ name: deps.name, quietSeconds: config.quiet })
  const ways = createWays({ channels, letters, webhook: config.webhook, clock })
  const now = clock.now()
  const tally = { count: 1, first: now, last: now, seen: {} }
  const reference = newReference()
  const alert = { kind: 'test', reference, at: now, stage: 'first', tally } as const
  const wording = { alert, nameOf: () => '', addressOf: () => '' }

  const tell = async (to: string): Promise<TestOutcome> => {
    const way = ways({ id: `alert_${randomToken(16)}`, to }, wording)
    if (!way) return { to, fault: 'no channel carries it' }
    try {
      const delivery = await way.deliver()
      if (delivery.ok) return { to }
      return { to, fault: 'later' in delivery ? delivery.later : delivery.refused }
    } catch (cause) {
      return { to, fault: reasonOf(cause) }
    }
  }
  return Promise.all(allRecipients(config).map(tell))
}
