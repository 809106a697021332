import { type Context, Hono } from 'hono'
import type { Signals } from '../base/signals.ts'
import type { LoginFlow } from '../login/flow.ts'
import type { Outcome, Visit } from '../login/outcome.ts'
import { questionsTo } from '../login/watch.ts'
import type { AppEnv } from '../web/env.ts'
import type { EventStreams } from '../web/event-stream.ts'

export interface WaitingDeps {
  flow: LoginFlow
  signals: Signals
  streams: EventStreams
}

/** Tells a page of the sign-in, as soon as another device has done what the page waits for. */
export function waitingPages({ flow, signals, streams }: WaitingDeps): Hono<AppEnv> {
  const events = async (c: Context<AppEnv>) => {
    const { address, userAgent } = c.env.client
    const attempt = c.req.param('attempt') ?? ''
    const visit: Visit = {
      browser: c.get('browser'),
      address,
      userAgent,
      signedIn: c.get('signedIn'),
      rd: undefined,
    }
    const look = async () => waitedFor(await flow.begin(visit, attempt))
    const userId = await look()
    // An EventSource that is told 204 does not come back.
    if (userId === undefined) return c.body(null, 204)
    return streams.open({
      who: `attempt/${attempt}`,
      async look() {
        const isOver = (await look()) === undefined
        return { events: isOver ? [{ name: 'answered', data: '' }] : [], over: isOver }
      },
      listen: (hear) => signals.listen(questionsTo(userId), hear),
    })
  }

  return new Hono<AppEnv>().get('/login/:attempt/events', events)
}

/** @returns Whose answer a page still waits for; `undefined` where there is nothing to wait for. */
function waitedFor(outcome: Outcome): string | undefined {
  if (outcome.kind !== 'question') return undefined
  const { question } = outcome
  if (question.ask === 'prove') {
    const { challenge, prompt, standing } = question
    const isWaiting = prompt.ask === 'approval' && standing === 'pending'
    return isWaiting && challenge ? question.user.id : undefined
  }
  if (question.ask !== 'enroll' || question.offer.show !== 'link') return undefined
  return question.offer.joined ? undefined : question.user.id
}
