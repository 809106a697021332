import { type Context, Hono } from 'hono'
import type { Signals } from '../base/signals.ts'
import type { ApprovalRequest, Approver, Approvers } from '../login/approvers.ts'
import { questionsTo } from '../login/watch.ts'
import type { AppEnv } from '../web/env.ts'
import type { EventStreams } from '../web/event-stream.ts'

export interface DeviceEntranceDeps {
  approvers: Approvers
  signals: Signals
  streams: EventStreams
}

const MAX_BODY_BYTES = 16 * 1024

/**
 * Where an app fetches the questions that are put to its key, and answers them. It is no browser: no
 * cookie counts here, so no page can make one send anything.
 *
 * - `GET /approve/device`: questions that are open
 * - `GET /approve/device/events`: an event `request` with the id of each, as it comes
 * - `POST /approve/device/<id>`: an answer
 */
export function deviceEntrance(deps: DeviceEntranceDeps): Hono<AppEnv> {
  const { approvers, signals, streams } = deps

  const deviceOf = async (c: Context<AppEnv>): Promise<Approver | undefined> => {
    const [, secret] =
      /^Bearer ([A-Za-z0-9_-]{43})$/.exec(c.req.header('authorization') ?? '') ?? []
    const [device] = secret === undefined ? [] : await approvers.known([secret])
    return device?.device.signs && device.credential.state === 'active' ? device : undefined
  }

  const list = async (c: Context<AppEnv>) => {
    const device = await deviceOf(c)
    if (!device) return refuse(c, 401, 'unknown_device', 'This device is not known here.')
    const requests = await approvers.requestsTo(device)
    return c.json({ requests: requests.map(shownTo) }, 200, NOT_KEPT)
  }

  const take = async (c: Context<AppEnv>) => {
    const device = await deviceOf(c)
    if (!device) return refuse(c, 401, 'unknown_device', 'This device is not known here.')
    const length = Number(c.req.header('content-length') ?? Number.NaN)
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (type !== 'application/json') return refuse(c, 415, 'media_type', 'Send JSON.')
    if (!(length <= MAX_BODY_BYTES)) return refuse(c, 413, 'too_large', 'That is too much.')
    const request = await approvers.requestFor([device], c.req.param('challenge') ?? '')
    if (!request)
      return refuse(c, 404, 'no_such_request', 'There is no such request, or it is over.')
    const state = await approvers.answer(request, await c.req.text())
    const isOpen = (await approvers.requestFor([device], request.challenge.id)) !== undefined
    return isOpen
      ? refuse(c, 400, 'no_answer', 'That is no answer, or its signature does not hold.')
      : c.json({ state }, 200, NOT_KEPT)
  }

  const events = async (c: Context<AppEnv>) => {
    const device = await deviceOf(c)
    if (!device) return refuse(c, 401, 'unknown_device', 'This device is not known here.')
    const told = new Set<string>()
    return streams.open({
      who: `approver/${device.credential.id}`,
      async look() {
        const now = await deviceOf(c)
        if (!now) return { events: [], over: true }
        const ids = (await approvers.requestsTo(now)).map(({ challenge: { id } }) => id)
        const fresh = ids.filter((id) => !told.has(id))
        for (const id of fresh) told.add(id)
        return { events: fresh.map((id) => ({ name: 'request', data: id })) }
      },
      listen: (hear) => signals.listen(questionsTo(device.user.id), hear),
    })
  }

  return new Hono<AppEnv>()
    .get('/approve/device', list)
    .get('/approve/device/events', events)
    .post('/approve/device/:challenge', take)
}

const NOT_KEPT = { 'Cache-Control': 'no-store' }

/** What an app is told: which numbers there are, never which is right. */
const shownTo = ({ challenge, question }: ApprovalRequest) => ({
  id: challenge.id,
  expires_at: challenge.expiresAt,
  numbers: question.numbers,
  ...question.toSign,
})

type Refusal = 400 | 401 | 404 | 413 | 415

/** @see RFC 9457 (Problem Details) */
function refuse(c: Context<AppEnv>, status: Refusal, code: string, title: string): Response {
  return c.body(JSON.stringify({ type: 'about:blank', status, code, title }), status, {
    ...NOT_KEPT,
    'Content-Type': 'application/problem+json',
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
  })
}
