import type { Context } from 'hono'
import { ConfirmMail, Mail, type MailProps } from '../../../views/account/mail.tsx'
import type { Clock } from '../../base/clock.ts'
import type { Account } from '../../login/account/account.ts'
import type { User } from '../../model/user.ts'
import type { AppEnv } from '../../web/env.ts'
import { readForm } from '../form.ts'
import type { Pages } from '../page.ts'
import { waitOf } from '../question.ts'
import type { AccountDoor, AccountPage } from './door.ts'

export interface MailPagesDeps {
  account: Account
  clock: Clock
  door: AccountDoor
  pages: Pages
}

/** The mail address: another one counts once a code that went there has come back. */
export function mailPages({ account: { profiles }, clock, door, pages }: MailPagesDeps) {
  const view = (
    c: Context<AppEnv>,
    { email }: User,
    props: Pick<MailProps, 'typed' | 'problem' | 'wait'> = {},
  ) => {
    const canConfirm = profiles.canConfirmMail
    return Mail({ ...door.frame(c), action: door.link('mail'), email, canConfirm, ...props })
  }

  const show: AccountPage = (c, { user }) => pages.show(c, view(c, user))

  const take: AccountPage = async (c, at) => {
    const form = await readForm(c)
    if (form.has('remove')) {
      await profiles.removeMail(at.user, door.origin(c, at))
      return c.redirect(door.link('', { done: 'mail_removed' }), 303)
    }
    const typed = form.field('email')
    const asked = await profiles.askForMail(at.user, typed)
    if (asked.ok) return c.redirect(door.link('mail/confirm', { to: asked.address }), 303)
    if ('seconds' in asked) return tooMany(c, (wait) => view(c, at.user, { typed, wait }), asked)
    return pages.show(c, view(c, at.user, { typed, problem: asked.message }), { status: 400 })
  }

  const confirming = (c: Context<AppEnv>, address: string) => ({
    ...door.frame(c),
    action: door.link('mail/confirm'),
    address,
    again: door.link('mail'),
  })

  const confirm: AccountPage = (c) => {
    const address = c.req.query('to')
    if (address === undefined) return c.redirect(door.link('mail'), 303)
    return pages.show(c, ConfirmMail(confirming(c, address)))
  }

  const takeCode: AccountPage = async (c, at) => {
    const { field } = await readForm(c)
    const [address, code] = [field('email'), field('code')]
    const confirmed = await profiles.confirmMail(at.user, { address, code }, door.origin(c, at))
    if (confirmed.ok) return c.redirect(door.link('', { done: 'mail' }), 303)
    const shown = confirming(c, address)
    if (confirmed.reason === 'wait') {
      return tooMany(c, (wait) => ConfirmMail({ ...shown, wait }), confirmed)
    }
    return pages.show(c, ConfirmMail({ ...shown, problem: WRONG }), { status: 401 })
  }

  const tooMany = (
    c: Context<AppEnv>,
    page: (wait: ReturnType<typeof waitOf>) => ReturnType<typeof Mail>,
    { seconds }: { seconds: number },
  ) => {
    c.header('Retry-After', String(seconds))
    return pages.show(c, page(waitOf({ kind: 'wait', seconds }, clock)), { status: 429 })
  }

  return { show, take, confirm, takeCode }
}

const WRONG =
  'That code is not right, or it is too old. Type the newest one that we mailed to this address.'
