import { type Context, Hono } from 'hono'
import { Approve, Approved, type ApprovedProps } from '../../views/approve.tsx'
import type { Clock } from '../base/clock.ts'
import { browserInWords } from '../base/user-agent.ts'
import type { ApprovalRequest, Approvers } from '../login/approvers.ts'
import type { Cookies } from '../session/cookie.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { approverCookie } from './approver-requests.ts'
import type { Pages } from './page.ts'
import { timeOfDay } from './words.ts'

export interface ApprovePagesDeps {
  approvers: Approvers
  clock: Clock
  cookies: Cookies
  csrf: Csrf
  pages: Pages
}

/** The page on a phone that asks about one sign-in. Looking at it changes nothing; its buttons do. */
export function approvePages(deps: ApprovePagesDeps): Hono<AppEnv> {
  const { approvers, clock, csrf, pages } = deps
  const { brand } = pages
  const cookie = approverCookie(approvers, deps.cookies)
  const home = new URL('approver', brand.home).href

  const ask = async (c: Context<AppEnv>, request: ApprovalRequest, problem?: string) => {
    const { approver, challenge, question } = request
    const { id, about, createdAt } = challenge
    const { address, userAgent } = c.env.client
    const check = await approvers.holderOf(approver)
    const asking = { about: { address, userAgent }, browser: c.get('browser'), request }
    const holder = check === 'passkey' ? await approvers.askHolder(approver, asking) : undefined
    const view = Approve({
      brand,
      action: new URL(`approve/${id}`, brand.home).href,
      csrf: csrf.token(c.get('browser')),
      user: approver.user.displayName,
      place: about.destination ?? brand.name,
      address: about.address,
      browser: browserInWords(about.userAgent),
      at: timeOfDay(createdAt),
      secondsAgo: clock.now() - createdAt,
      numbers: question.numbers,
      holder,
      // Where it cannot be asked for at this moment, nothing is approved either.
      blocked: check !== 'none' && holder === undefined,
      problem,
      home,
    })
    return pages.show(c, view, { scripts: true, status: problem === undefined ? 200 : 401 })
  }

  const tell = (c: Context<AppEnv>, outcome: ApprovedProps['outcome']) => {
    const status = outcome === 'approved' || outcome === 'denied' ? 200 : 403
    return pages.show(c, Approved({ brand, outcome, home }), { scripts: true, status })
  }

  const find = async (c: Context<AppEnv>) => {
    const devices = await cookie.read(c)
    const id = c.req.param('challenge') ?? ''
    const request = await approvers.requestFor(devices, id)
    if (request) return { request }
    return { outcome: (await approvers.outcomeFor(devices, id)) ?? ('unknown' as const) }
  }

  const show = async (c: Context<AppEnv>) => {
    const { request, outcome } = await find(c)
    return request ? ask(c, request) : tell(c, outcome)
  }

  const take = async (c: Context<AppEnv>) => {
    const { request, outcome } = await find(c)
    // Whatever it was, an answer that comes afterwards has changed nothing.
    if (!request) return tell(c, outcome === 'unknown' ? outcome : 'over')
    const form = await c.req.parseBody()
    const field = (name: string) => (typeof form[name] === 'string' ? form[name] : '')
    if (field('deny') !== '') {
      return tell(c, await approvers.answer(request, JSON.stringify({ deny: true })))
    }

    const number = (field('number') || field('code')).trim()
    if (!/^\d{2}$/.test(number)) return ask(c, request, 'It is two digits. Type them once more.')
    const from = { browser: c.get('browser'), address: c.env.client.address }
    const approved = await approvers.approve(request, { number, holder: field('holder') }, from)
    return approved === 'unconfirmed'
      ? ask(c, request, 'That passkey was not accepted. Try again, or take another way.')
      : tell(c, approved)
  }

  return new Hono<AppEnv>().get('/approve/:challenge', show).post('/approve/:challenge', take)
}
