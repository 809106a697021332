import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Signals } from '../base/signals.ts'
import { questionsTo } from '../login/watch.ts'
import type { EventStreams } from '../web/event-stream.ts'
import { type AskingDeps, createAsking } from './asking.ts'
import type { ApiEnv } from './env.ts'
import { checkFields, refuse } from './faults.ts'
import { type AuthenticationDeps, isStillGood } from './keys.ts'
import { id, refusals } from './routes.ts'
import { asks } from './scopes.ts'
import { MOST_OF_A_KEY } from './waiting.ts'

export type ChallengeEventsDeps = AskingDeps &
  Pick<AuthenticationDeps, 'keys'> & { signals: Signals; streams: EventStreams }

const route = createRoute({
  method: 'get',
  path: '/challenges/{id}/events',
  ...asks('2fa.verify'),
  summary: 'Hear of a challenge until it ends',
  description:
    'Server-sent events: one with the state as it is, one more for each change, a comment now and then as a sign of life. The stream ends with the final state; one that ends before it, after some minutes, may be opened again.',
  request: { params: id },
  responses: {
    200: {
      description: 'Events named `challenge`, each with a challenge as JSON.',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...refusals,
  },
})

const NO_ROOM = {
  status: 503,
  code: 'busy',
  title: 'Too many streams are open at this moment. Try again, or ask with "wait".',
  retryAfter: 5,
} as const

/** Tells an application what becomes of a challenge, as it happens and whichever process it happens in. */
export function challengeEventsApi(deps: ChallengeEventsDeps): OpenAPIHono<ApiEnv> {
  const { clock, keys, signals, streams } = deps
  const { settled, ownChallenge, shown, unknown } = createAsking(deps)

  /** The challenge at this moment, as text that differs when anything but the time has changed. */
  const look = async (c: Context<ApiEnv>, challengeId: string) => {
    const found = await ownChallenge(c, challengeId)
    const own = found && (await settled(c, found))
    if (!own) return undefined
    const challenge = await shown(c, own)
    return { challenge, mark: JSON.stringify({ ...challenge, retry_after: 0 }) }
  }

  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })
  app.openapi(route, async (c) => {
    const { id: challengeId } = c.req.valid('param')
    const key = c.get('key')
    const own = await ownChallenge(c, challengeId)
    if (!own) return unknown(c, 'challenge')
    const who = `api/${key.id}`
    if (streams.countOf(who) >= MOST_OF_A_KEY) {
      const title = `A key may have ${MOST_OF_A_KEY} streams open. Close some, or wait for their end.`
      return refuse(c, { status: 429, code: 'too_many_streams', title, retryAfter: 5 })
    }
    let told = ''
    const stream = streams.open({
      ...{ who, most: MOST_OF_A_KEY },
      async look() {
        const seen = (await isStillGood(key, { clock, keys })) && (await look(c, challengeId))
        if (!seen) return { events: [], over: true }
        const { challenge, mark } = seen
        const isNew = mark !== told
        told = mark
        const events = isNew ? [{ name: 'challenge', data: JSON.stringify(challenge) }] : []
        return { events, over: challenge.state !== 'pending' }
      },
      listen: (hear) => signals.listen(questionsTo(own.user.id), hear),
    })
    if (stream.status === 503) return refuse(c, NO_ROOM)
    return stream as never
  })
  return app
}
