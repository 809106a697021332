import type { Audit, Sink } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Channels, Outbox } from '../channels/contract.ts'
import type { MessageEnd } from '../channels/message-end.ts'
import type { AlertRepository, DueAlertLetter, UserRepository } from '../store/contract.ts'
import type { Alert, Wording } from './alert.ts'
import type { AlertsConfig } from './config.ts'
import { CLAIM_SECONDS, createWays, GIVEN_UP_SECONDS, pauseAfter } from './delivery.ts'
import { HEARD_KINDS, isKind } from './kinds.ts'
import { createAlertLetters } from './letters.ts'
import { createAlertListener } from './listener.ts'
import { createAlertMemory } from './memory.ts'
import { TRAIL } from './recipients.ts'
import { countsBy } from './tally.ts'

/** Counts alerts; outlives every configuration. */
export type AlertCounter = (values: { kind: string; outcome: 'raised' | 'sent' | 'failed' }) => void

/** Tells the operator what should not wait until somebody reads the log. */
export interface Alerts {
  /** Hears events. */
  sink: Sink
  /** Looks after what is counted and what waits; only the house in force should. */
  begin(): void
  end(): void
  /** One look: writes down what was heard, and sends what is due. */
  look(): Promise<void>
  /** Finishes a look that is under way, and writes down what was heard since. */
  flush(): Promise<void>
}

export interface AlertsDeps {
  audit: Audit
  channels: Pick<Channels, 'for'>
  clock: Clock
  config: AlertsConfig
  count: AlertCounter
  log: Log
  /** The portal's name. */
  name: string
  outbox: Outbox
  repository: AlertRepository
  users: Pick<UserRepository, 'find'>
  /** As addresses may be written down; `''` for not at all. */
  writtenAddress(address: string): string
}

const LOOK_MS = 1000
const AT_ONCE = 50

export function createAlerts(deps: AlertsDeps): Alerts {
  const { audit, channels, clock, config, count, log, outbox, repository, users } = deps
  const letters = createAlertLetters({ name: deps.name, quietSeconds: config.quiet })
  const ways = createWays({ channels, letters, webhook: config.webhook, clock })
  const memory = createAlertMemory({ repository, config, clock })
  const listener = createAlertListener({ memory, log })
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  // A store that is away is asked again every second, and that is said once.
  let hasFailed = false
  let isOver = false

  const wordingOf = async (alert: Alert): Promise<Wording> => {
    const ids = countsBy(alert.tally, 'userId').map(([id]) => id)
    const names = new Map<string, string>()
    for (const id of ids.slice(0, MOST_NAMED)) {
      names.set(id, (await users.find(id))?.name ?? 'an account that is gone')
    }
    return {
      alert,
      nameOf: (id) => names.get(id) ?? 'another account',
      addressOf: deps.writtenAddress,
    }
  }

  /** To the log and the trail: once, since whoever takes the letter away writes it down. */
  const writeDown = async ({ id }: DueAlertLetter, { kind, stage, reference, tally }: Alert) => {
    if (!(await repository.delete(id))) return
    count({ kind, outcome: 'raised' })
    const { count: repeats, first, last } = tally
    audit.record({
      name: 'alert.raised',
      reference,
      details: { kind, stage, repeats, first, last },
    })
  }

  const send = async (due: DueAlertLetter): Promise<void> => {
    const alert = due.alert as Alert
    if (due.to === TRAIL) return writeDown(due, alert)
    const now = clock.now()
    const drop = async (outcome: 'sent' | 'failed', why?: string) => {
      if (!(await repository.delete(due.id))) return
      count({ kind: alert.kind, outcome })
      if (why) log.error({ kind: alert.kind, reference: alert.reference, why }, 'alerts: not sent')
    }
    if (now - due.createdAt >= GIVEN_UP_SECONDS) return drop('failed', 'nobody took it in a day')
    const way = ways(due, await wordingOf(alert))
    if (!way) return drop('failed', 'there is no way to the recipient any more')
    if (!(await repository.claim(due, now + pauseAfter(due.claims)))) return

    await outbox.post({
      lane: way.lane,
      whom: due.to,
      until: now + CLAIM_SECONDS,
      deliver: way.deliver,
      async told(end) {
        if (end === 'sent') await drop('sent')
        // Else it is tried again after a pause, by whoever looks first.
        else if (isFinal(end)) await drop('failed', end)
      },
    })
  }

  const look = async () => {
    await listener.flush()
    const due = await repository.due(clock.now(), AT_ONCE)
    for (const kind of due.kinds.filter(isKind)) {
      const heard = HEARD_KINDS.find(({ name }) => name === kind)
      await (heard ? memory.hear(heard, undefined) : memory.find(kind, undefined))
    }
    // Of an alert that has come due by this, too.
    const { letters: waiting } =
      due.kinds.length > 0 ? await repository.due(clock.now(), AT_ONCE) : due
    await Promise.all(waiting.map(send))
  }

  const once = (): Promise<void> => {
    looking ??= look()
      .then(() => {
        hasFailed = false
      })
      .catch((cause) => {
        if (!hasFailed) log.error({ error: String(cause) }, 'alerts: not looked at')
        hasFailed = true
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  return {
    sink(event) {
      listener.hear(event)
      // What goes on under a configuration that is no longer in force.
      if (isOver) void listener.flush()
    },
    look: once,
    async flush() {
      await looking
      await listener.flush()
    },
    begin() {
      timer ??= setInterval(once, LOOK_MS).unref()
    },
    end() {
      clearInterval(timer)
      timer = undefined
      isOver = true
      void listener.flush()
    },
  }
}

/** The other side's last word; or perhaps delivered, and it would cost money to make sure. */
const isFinal = (end: MessageEnd): boolean => end === 'refused' || end === 'unknown'

/** Names that are looked up for one alert. */
const MOST_NAMED = 20
