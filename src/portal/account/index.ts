import { Hono } from 'hono'
import type { AppEnv } from '../../web/env.ts'
import { type AddFactorPagesDeps, addFactorPages } from './add-factor.ts'
import { dataPage } from './data.ts'
import { type AccountDoorDeps, createAccountDoor } from './door.ts'
import { factorPages } from './factors.ts'
import { accountHints } from './hints.ts'
import { type HistoryPageDeps, historyPage } from './history.ts'
import { mailPages } from './mail.ts'
import { namePages } from './name.ts'
import { overviewPage } from './overview.ts'
import { type PasswordPagesDeps, passwordPages } from './password.ts'
import { personalPages } from './personal.ts'
import { type RenewPageDeps, renewPage } from './renew.ts'
import { sessionPages } from './sessions.ts'

export type AccountPagesDeps = AccountDoorDeps &
  Omit<AddFactorPagesDeps, 'door'> &
  Omit<HistoryPageDeps, 'door'> &
  Omit<PasswordPagesDeps, 'door'> &
  Omit<RenewPageDeps, 'door'>

/** All pages of a person's own account; each says what it takes to open it. */
export function accountPages(given: AccountPagesDeps): Hono<AppEnv> {
  const door = createAccountDoor(given)
  const deps = { ...given, door }
  const { page, link } = door
  const hints = ({ user }: { user: Parameters<typeof accountHints>[2] }) =>
    accountHints(given.account, link, user)

  const name = namePages(deps)
  const mail = mailPages(deps)
  const password = passwordPages(deps)
  const factors = factorPages(deps)
  const add = addFactorPages(deps)
  const sessions = sessionPages(deps)
  const personal = personalPages(deps)

  return new Hono<AppEnv>()
    .get('/account', page('read', overviewPage({ ...deps, hints })))
    .get('/account/name', page('change', name.show))
    .post('/account/name', page('change', name.take))
    .get('/account/mail', page('change', mail.show))
    .post('/account/mail', page('change', mail.take))
    .get('/account/mail/confirm', page('change', mail.confirm))
    .post('/account/mail/confirm', page('change', mail.takeCode))
    .get('/account/password', page('change', password.show))
    .post('/account/password', page('change', password.take))
    .get('/account/factors', page('read', factors.list))
    .get('/account/factors/add', page('change', add.choose))
    .post('/account/factors/add', page('change', add.begin))
    .get('/account/factors/add/:id', page('change', add.show))
    .post('/account/factors/add/:id', page('change', add.take))
    .get('/account/factors/add/:id/events', page('change', add.events))
    .get('/account/factors/:id', page('end', factors.show))
    .post('/account/factors/:id', page('change', factors.rename))
    .get('/account/factors/:id/remove', page('end', factors.askRemove))
    .post('/account/factors/:id/remove', page('end', factors.remove))
    .post('/account/factors/:id/confirm', page('change', factors.confirm))
    .post('/account/factors/:id/restore', page('change', factors.restore))
    .get('/account/sessions', page('read', sessions.list))
    .get('/account/sessions/others', page('end', sessions.askOthers))
    .post('/account/sessions/others', page('end', sessions.endOthers))
    .get('/account/sessions/:name', page('end', sessions.askOne))
    .post('/account/sessions/:name', page('end', sessions.endOne))
    .get('/account/history', page('read', historyPage(deps)))
    .get('/account/data', page('read', dataPage(deps)))
    .get('/account/data/download', page('end', personal.askDownload))
    .post('/account/data/download', page('end', personal.download))
    .get('/account/data/erase', page('change', personal.askErase))
    .post('/account/data/erase', page('change', personal.erase))
    .get('/account/renew', page('read', renewPage(deps)))
}
