import type { AccountHint } from '../../../views/parts/hint.tsx'
import type { Account } from '../../login/account/account.ts'
import type { Credential } from '../../model/factor.ts'
import type { User } from '../../model/user.ts'

/** What the person should do about their account, on the home page and on the account's own. */
export async function accountHints(
  { authenticators }: Pick<Account, 'authenticators'>,
  link: (page: string) => string,
  user: User,
): Promise<AccountHint[]> {
  const own = await authenticators.list(user)
  const warnings = own.flatMap(({ credential, factor }) => {
    const sentence =
      credential.state === 'disabled' ? lockedSentence(credential) : factor.warning?.(credential)
    const href = link(`factors/${credential.id}`)
    return sentence === undefined ? [] : [{ sentence, label: 'See to it', href }]
  })
  if (own.length > 0 || (await authenticators.offered(user)).length === 0) return warnings
  return [
    {
      sentence:
        'Only your password protects this account. With a second step, a stolen password is not enough.',
      label: 'Set up a second step',
      href: link('factors/add'),
    },
  ]
}

const lockedSentence = ({ label, contestedAt }: Credential): string =>
  contestedAt !== undefined
    ? `${label} was set aside, because somebody said “this was not me”. It counts for nothing.`
    : `${label} is locked: there were too many wrong answers in a row.`
