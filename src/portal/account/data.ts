import { DataPage } from '../../../views/account/data.tsx'
import type { Account } from '../../login/account/account.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'
import { momentOf } from './words.ts'

export interface DataPageDeps {
  account: Account
  door: AccountDoor
  pages: Pages
}

/** What is kept about a person, and who learns of it. */
export const dataPage =
  ({ account, door, pages }: DataPageDeps): AccountPage =>
  (c, { user }) => {
    const { name, displayName, email, groups, createdAt } = user
    const who = [name, displayName, email].filter((part) => part !== undefined)
    const kept = [
      {
        what: 'Who you are',
        detail: `${[...new Set(who)].join(', ')}; here since ${momentOf(createdAt).text}.`,
      },
      { what: 'Your groups', detail: groups.length > 0 ? `${groups.join(', ')}.` : 'None.' },
      {
        what: 'Your password',
        detail: 'Only a hash, from which nobody can read it, not even whoever runs this site.',
      },
      {
        what: 'Your ways to sign in',
        detail:
          'Their names, when they were added and last used, and what it takes to check them: secrets are encrypted, of passkeys there are public keys only. Until you remove them.',
      },
      {
        what: 'Where you are signed in',
        detail:
          'Address and browser of each session, until it ends. Browsers that you have used, as a number that says nothing about them, for a year.',
      },
      {
        what: 'Your history',
        detail:
          'Sign-ins, failed ones too, and changes to your account, with address and browser, for a year.',
      },
    ]
    const told = [
      { what: 'Name', detail: displayName === name ? name : `${name}, ${displayName}` },
      { what: 'Mail address', detail: email ?? 'There is none.' },
      { what: 'Groups', detail: groups.length > 0 ? groups.join(', ') : 'There are none.' },
    ]
    const view = DataPage({
      ...door.frame(c),
      kept,
      told,
      download: door.link('data/download'),
      ...(account.personal.mayErase ? { erase: door.link('data/erase') } : {}),
    })
    return pages.show(c, view)
  }
