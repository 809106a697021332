import { FactorPage, RemoveFactor } from '../../../views/account/factor.tsx'
import { Factors } from '../../../views/account/factors.tsx'
import type { Account } from '../../login/account/account.ts'
import type { Authenticator } from '../../login/account/authenticators.ts'
import type { SignedIn } from '../../model/session.ts'
import { readForm } from '../form.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'
import { doneSentence, momentOf } from './words.ts'

export interface FactorPagesDeps {
  account: Account
  door: AccountDoor
  pages: Pages
}

/** The list of ways to sign in, and the page about each. */
export function factorPages({ account, door, pages }: FactorPagesDeps) {
  const { authenticators } = account
  const { link } = door
  const list: AccountPage = async (c, { user }) => {
    const own = await authenticators.list(user)
    const offered = await authenticators.offered(user)
    const done = c.req.query('done')
    const remaining = done === 'removed' ? await authenticators.remaining(user) : []
    const view = Factors({
      ...door.frame(c),
      factors: own.map((it) => ({
        ...shown(it),
        disabled: it.credential.state === 'disabled',
        contested: it.credential.contestedAt !== undefined,
        warning: it.factor.warning?.(it.credential),
        href: link(`factors/${it.credential.id}`),
      })),
      ...(offered.length > 0 ? { add: link('factors/add') } : {}),
      done: doneSentence(done),
      remaining,
      ...(done === 'added' || done === 'removed' ? { endOthers: link('sessions/others') } : {}),
    })
    return pages.show(c, view, { scripts: remaining.length > 0 })
  }

  /** Only ever one's own: another person's is as good as none. Of a closed account, only what was set aside. */
  const one =
    (
      page: (it: Authenticator, ...given: Parameters<AccountPage>) => ReturnType<AccountPage>,
    ): AccountPage =>
    async (c, at) => {
      const it = await authenticators.find(at.user, c.req.param('id') ?? '')
      if (!it) return c.redirect(link('factors'), 303)
      const isOpen = it.credential.contestedAt !== undefined || !account.isFrozen(at.user)
      return isOpen ? page(it, c, at) : door.closed(c, at)
    }

  const pageOf = async (
    c: Parameters<AccountPage>[0],
    { user }: SignedIn,
    it: Authenticator,
    problem?: string,
  ) => {
    const { credential, factor } = it
    const action = link(`factors/${credential.id}`)
    const isOne = factor.most === 1 && factor.enrollable !== 'never'
    const isFrozen = account.isFrozen(user)
    return FactorPage({
      ...door.frame(c),
      ...shown(it),
      action,
      problem,
      done: doneSentence(c.req.query('done')),
      remove: link(`factors/${credential.id}/remove`),
      ...(credential.contestedAt === undefined
        ? {}
        : {
            contested: {
              at: momentOf(credential.contestedAt),
              ...(isFrozen
                ? { closedUntil: momentOf(user.frozenUntil ?? 0) }
                : { restore: `${action}/restore` }),
            },
          }),
      ...((await authenticators.canConfirm(user, it)) ? { confirm: `${action}/confirm` } : {}),
      ...(isOne ? { anew: { action: link('factors/add'), kind: factor.kind } } : {}),
      back: link('factors'),
    })
  }

  const show = one(async (it, c, at) => pages.show(c, await pageOf(c, at, it)))

  const restore = one(async (it, c, at) => {
    await authenticators.restore(at.user, it, door.origin(c, at))
    return c.redirect(link('factors', { done: 'restored' }), 303)
  })

  const confirm = one(async (it, c, at) => {
    const changed = await authenticators.confirmApprovals(at.user, it, door.origin(c, at))
    return c.redirect(link('factors', changed ? { done: 'confirms' } : {}), 303)
  })

  const rename = one(async (it, c, at) => {
    const label = (await readForm(c)).field('label')
    const problem = await authenticators.rename(at.user, it, label, door.origin(c, at))
    if (problem === undefined) return c.redirect(link('factors', { done: 'named' }), 303)
    return pages.show(c, await pageOf(c, at, it, problem), { status: 400 })
  })

  const removal = async (c: Parameters<AccountPage>[0], { user }: SignedIn, it: Authenticator) => {
    const { credential, factor } = it
    const here = link(`factors/${credential.id}`)
    return RemoveFactor({
      ...door.frame(c),
      action: `${here}/remove`,
      label: credential.label,
      title: factor.title,
      loss: await authenticators.lossOf(user, it),
      unconfirms: await authenticators.unconfirms(user, it),
      back: here,
    })
  }

  const askRemove = one(async (it, c, at) => pages.show(c, await removal(c, at, it)))

  const remove = one(async (it, c, at) => {
    // What follows must be what the page has said: it may have become the last one meanwhile.
    const seen = (await readForm(c)).field('remove')
    if (seen !== (await authenticators.lossOf(at.user, it))) {
      return pages.show(c, await removal(c, at, it), { status: 400 })
    }
    await authenticators.remove(at.user, it, door.origin(c, at))
    return c.redirect(link('factors', { done: 'removed' }), 303)
  })

  return { list, show, rename, confirm, restore, askRemove, remove }
}

const shown = ({ credential, factor }: Authenticator) => ({
  label: credential.label,
  title: factor.title,
  facts: factor.facts(credential),
  added: momentOf(credential.createdAt),
  lastUsed: credential.lastUsedAt === undefined ? undefined : momentOf(credential.lastUsedAt),
})
