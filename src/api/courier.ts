import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { networks } from '../base/net.ts'
import type { Outbox } from '../channels/contract.ts'
import { ChannelDown } from '../channels/errors.ts'
import type { PostOptions } from '../channels/post.ts'
import { signingKey } from '../channels/webhook/config.ts'
import { postSigned } from '../channels/webhook/signed-post.ts'
import type { DueWebhook, Webhook, WebhookRepository } from '../store/contract.ts'
import { originOf, type ReceiverConfig } from './config.ts'
import { rfc3339 } from './shown.ts'

/**
 * Brings applications word of how their challenges ended: at least once each, also over a restart, and
 * under the same id however often.
 */
export interface Courier {
  /** May an application have word sent there? */
  admits(application: string, url: string): boolean
  /** Takes an errand that is run once the challenge is over. @returns `false` when too many wait. */
  take(errand: Omit<Webhook, 'id' | 'createdAt'>): Promise<boolean>
  /** Something has ended in this process: nobody need wait for the next look. */
  wake(): void
  start(): void
  stop(): void
}

export interface CourierDeps {
  clock: Clock
  log: Log
  outbox: Outbox
  /** By the name that stands in a key. Keys for tests have receivers of their own, or none. */
  receivers: ReadonlyMap<string, ReceiverConfig>
  /** Finds the addresses of a name otherwise than this machine does. */
  resolve?: NonNullable<PostOptions['resolve']>
  webhooks: WebhookRepository
}

/** What ends in another process, or by time, is found by looking. */
const LOOK_MS = 1000
const AT_ONCE = 50
/** That may wait for one application. */
export const MOST_WAITING = 10_000
/** One claim is tried for this long by the outbox, which pauses between tries. */
const CLAIM_SECONDS = 300
/** From one claim to the next. */
const PAUSES = [300, 600, 1800, 3600, 7200, 14_400] as const
const GIVEN_UP_SECONDS = 86_400
/** "There is nobody here any more": the one refusal that ends the tries. */
const GONE = 410

export function createCourier(deps: CourierDeps): Courier {
  const { clock, log, outbox, receivers, webhooks } = deps
  let timer: NodeJS.Timeout | undefined
  let isLooking = false
  let isAskedAgain = false

  const admits: Courier['admits'] = (application, url) => {
    const origin = originOf(url)
    return origin !== undefined && (receivers.get(application)?.origins.includes(origin) ?? false)
  }

  const drop = async ({ id, application }: DueWebhook, why: string) => {
    log.warn({ webhook: id, application, why }, 'webhooks: given up')
    await webhooks.delete(id)
  }

  const send = async (due: DueWebhook): Promise<void> => {
    const config = receivers.get(due.application)
    const key = config && signingKey(config.secret)
    // What is allowed may have changed since it was asked for.
    if (!config || !key || !admits(due.application, due.url)) return drop(due, 'not allowed')
    if (clock.now() - due.createdAt >= GIVEN_UP_SECONDS) return drop(due, 'nobody took it')
    const until = clock.now() + (PAUSES[due.claims] ?? PAUSES[PAUSES.length - 1] ?? 0)
    if (!(await webhooks.claim(due, until))) return

    const url = new URL(due.url)
    const body = bodyOf(due, rfc3339(clock.now()))
    const reach = { ...reachOf(url, config), ...(deps.resolve ? { resolve: deps.resolve } : {}) }
    const posting = { url, body, timeoutSeconds: config.timeout, reach }
    let isGone = false
    await outbox.post({
      lane: `webhooks of ${url.origin}`,
      until: clock.now() + CLAIM_SECONDS,
      async deliver() {
        // From one try to the next somebody may have been erased.
        if (!(await webhooks.isOwed(due.id))) return { ok: false, refused: 'owed no more' }
        const { ok, status } = await postSigned(posting, { key, id: due.id, at: clock.now() })
        if (ok) return { ok }
        isGone = status === GONE
        if (isGone) return { ok, refused: 'answered with 410' }
        throw new ChannelDown('webhooks', `answered with ${status}`)
      },
      async told(end) {
        if (end === 'sent') await webhooks.delete(due.id)
        else if (isGone) await drop(due, 'answered with 410')
      },
    })
  }

  const look = async () => {
    const due = await webhooks.listDue(clock.now(), AT_ONCE)
    await Promise.all(due.map(send))
    if (due.length === AT_ONCE) isAskedAgain = true
  }

  const wake = () => {
    isAskedAgain = true
    if (isLooking || timer === undefined) return
    isLooking = true
    const run = async () => {
      while (isAskedAgain && timer !== undefined) {
        isAskedAgain = false
        await look()
      }
    }
    run()
      .catch((cause) => log.error({ error: String(cause) }, 'webhooks: not looked at'))
      .finally(() => {
        isLooking = false
      })
  }

  return {
    admits,
    take: (errand) =>
      webhooks.insert(
        { ...errand, id: `msg_${randomToken(16)}`, createdAt: clock.now() },
        MOST_WAITING,
      ),
    wake,
    start() {
      if (receivers.size > 0) timer ??= setInterval(wake, LOOK_MS).unref()
    },
    stop() {
      clearInterval(timer)
      timer = undefined
    },
  }
}

/** The operator has named names: one that leads into a private network needs a word of its own. */
function reachOf({ hostname }: URL, config: ReceiverConfig) {
  const named = hostname.replace(/^\[(.*)\]$/, '$1')
  const near = networks(config.networks)
  return {
    admits: (address: string) => address === named || near.has(address),
    loopback: named === 'localhost' || networks(['127.0.0.0/8', '::1']).has(named),
  }
}

const bodyOf = ({ about, state }: DueWebhook, timestamp: string): string =>
  JSON.stringify({ type: `challenge.${state}`, timestamp, data: { ...about, state } })
