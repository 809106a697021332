import type { Audit, Sink } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Factors, Reach } from '../factors/contract.ts'
import type { AuditEvent } from '../model/event.ts'
import type { User } from '../model/user.ts'
import type { CredentialRepository, UserRepository } from '../store/contract.ts'
import type { Undo } from './account/undo.ts'
import type { Letters } from './letters.ts'
import type { Limits, SendBudget } from './limits.ts'
import type { Messenger } from './messenger.ts'
import { type NoticeWords, noticeWords } from './notice-words.ts'

export interface NoticesDeps {
  audit: Audit
  clock: Clock
  credentials: Pick<CredentialRepository, 'listByUser'>
  factors: Factors
  letters: Pick<Letters, 'notice'>
  limits: Pick<Limits, 'beforeSend'>
  log: Log
  messenger: Messenger
  undo: Pick<Undo, 'offer'>
  users: Pick<UserRepository, 'find'>
}

/** Later than that a notice that could not be delivered is not tried any more; it stands in the history. */
const NOTICE_SECONDS = 15 * 60

/**
 * Tells people what happens to their accounts, on another way than the one that it is about, and gives
 * them the way out. An attack is no flood: of one kind only a few go out in an hour.
 *
 * @see NIST SP 800-63B-4, section 4.6 (Account Notifications)
 */
export function createNotices(deps: NoticesDeps): Sink {
  const { audit, clock, factors, letters, limits, log, messenger, undo, users } = deps

  const reachesOf = async (user: User): Promise<OwnReach[]> => {
    const own = await deps.credentials.listByUser(user.id)
    const byFactor = own.flatMap((credential) => {
      const reach = factors.get(credential.kind)?.reaches?.(credential)
      return reach && credential.state === 'active' ? [{ ...reach, kind: credential.kind }] : []
    })
    const onFile: OwnReach[] = user.email === undefined ? [] : [{ medium: 'email', to: user.email }]
    return [...onFile, ...byFactor].filter(({ medium }) => messenger.carries(medium))
  }

  const send = async (user: User, event: AuditEvent, words: NoticeWords, reach: Reach) => {
    const { medium } = reach
    const link =
      event.name === 'factors.frozen' ? {} : { token: await undo.offer(user.id, event.at) }
    const { at, address, details } = event
    const from = [address, details?.browser].filter((it) => it !== undefined).map(String)
    const { subject, sentence } = words
    const letter = letters.notice(reach, { subject, sentence, user: user.name, at, from, ...link })
    await messenger.send(letter, {
      until: clock.now() + NOTICE_SECONDS,
      failed: (reason) =>
        audit.record({
          name: 'message.undelivered',
          userId: user.id,
          details: { about: event.name, medium, reason },
        }),
    })
  }

  const tell = async (event: AuditEvent, words: NoticeWords, userId: string) => {
    const user = await users.find(userId)
    // Other applications tell their people themselves, in their own words.
    if (!user || user.application !== undefined) return
    const reaches = chosen(event, await reachesOf(user))
    for (const reach of reaches.filter(({ medium }) => messenger.carries(medium))) {
      if ((await limits.beforeSend(budgetsOf(userId, words, reach))) > 0) continue
      await send(user, event, words, reach)
    }
  }

  return (event) => {
    const { userId } = event
    const words = userId === undefined ? undefined : noticeWords(event, factors)
    if (userId === undefined || !words) return
    tell(event, words, userId).catch((cause) => {
      log.error({ event: event.name, error: String(cause) }, 'notices: not told')
    })
  }
}

type OwnReach = Reach & { kind?: string }

/**
 * Where an event is told. Whoever has taken over one way must not be the only one who hears of it: a
 * changed mail address is told to the old one and to a phone, a new phone to the mail address.
 */
function chosen({ name, details = {} }: AuditEvent, own: readonly OwnReach[]): Reach[] {
  if (name === 'user.changed' && details.what === 'mail') {
    const phone = own.find(({ medium }) => medium === 'sms')
    const before = details.before
    const old: Reach[] = before === undefined ? [] : [{ medium: 'email', to: String(before) }]
    return [...old, ...(phone ? [phone] : [])]
  }
  const concerned = details.kind
  const about = own.find(({ kind }) => kind !== undefined && kind === concerned)
  // The link that closes an account was in a mailbox, as a rule.
  const avoided = name === 'factors.frozen' ? 'email' : about?.medium
  const others = own.filter(({ medium }) => medium !== avoided)
  const best = others[0] ?? own[0]
  return best ? [best] : []
}

const HOUR = 3600

function budgetsOf(userId: string, { kind }: NoticeWords, { medium }: Reach): SendBudget[] {
  const about = { kind: 'notices', userId }
  const ofKind = {
    name: `notice ${kind} ${medium} to ${userId}`,
    most: 3,
    windowSeconds: HOUR,
    about,
  }
  // Text messages cost money.
  const ofTexts = { name: `notices by sms to ${userId}`, most: 5, windowSeconds: 24 * HOUR, about }
  return medium === 'sms' ? [ofKind, ofTexts] : [ofKind]
}
