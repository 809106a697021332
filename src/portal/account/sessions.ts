import { EndSession, SessionList } from '../../../views/account/sessions.tsx'
import { browserInWords } from '../../base/user-agent.ts'
import type { Account } from '../../login/account/account.ts'
import type { Place } from '../../login/account/places.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'
import { doneSentence, momentOf, provedBy } from './words.ts'

export interface SessionPagesDeps {
  account: Account
  door: AccountDoor
  pages: Pages
}

/** Where a person is signed in, and how that is ended. */
export function sessionPages({ account, door, pages }: SessionPagesDeps) {
  const { places, authenticators } = account
  const { link } = door

  const list: AccountPage = async (c, at) => {
    const own = await authenticators.list(at.user)
    const all = await places.list(at.user)
    // The one that looks at the page comes first.
    const sorted = all.toSorted((a, b) => Number(isHere(b, at)) - Number(isHere(a, at)))
    const view = SessionList({
      ...door.frame(c),
      sessions: sorted.map((place) => ({
        ...shown(place),
        since: momentOf(place.session.createdAt),
        provedBy: provedBy(place.session, own),
        here: isHere(place, at),
        end: link(`sessions/${place.name}`),
      })),
      endOthers: link('sessions/others'),
      done: doneSentence(c.req.query('done')),
    })
    return pages.show(c, view)
  }

  const othersOf = async (at: Parameters<AccountPage>[1]) =>
    (await places.list(at.user)).filter((place) => !isHere(place, at))

  const askOthers: AccountPage = async (c, at) => {
    const others = (await othersOf(at)).length
    if (others === 0) return c.redirect(link('sessions'), 303)
    const action = link('sessions/others')
    const view = EndSession({ ...door.frame(c), action, others, back: link('sessions') })
    return pages.show(c, view)
  }

  const endOthers: AccountPage = async (c, at) => {
    await places.endOthers(at.user, door.origin(c, at))
    return c.redirect(link('sessions', { done: 'ended_all' }), 303)
  }

  /** Only ever one's own. */
  const one =
    (
      page: (place: Place, ...given: Parameters<AccountPage>) => ReturnType<AccountPage>,
    ): AccountPage =>
    async (c, at) => {
      const place = await places.find(at.user, c.req.param('name') ?? '')
      return place && !isHere(place, at) ? page(place, c, at) : c.redirect(link('sessions'), 303)
    }

  const askOne = one((place, c) => {
    const action = link(`sessions/${place.name}`)
    const session = shown(place)
    const back = link('sessions')
    return pages.show(c, EndSession({ ...door.frame(c), action, session, others: 1, back }))
  })

  const endOne = one(async (place, c, at) => {
    await places.end(at.user, place, door.origin(c, at))
    return c.redirect(link('sessions', { done: 'ended' }), 303)
  })

  return { list, askOthers, endOthers, askOne, endOne }
}

const isHere = ({ session }: Place, at: Parameters<AccountPage>[1]) => session.id === at.session.id

const shown = ({ session: { userAgent, address, lastSeenAt } }: Place) => ({
  device: capitalized(browserInWords(userAgent)),
  address: address || 'an address that is not kept',
  lastSeen: momentOf(lastSeenAt),
})

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
