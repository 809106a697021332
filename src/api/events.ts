import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { StoredEvent } from '../model/event.ts'
import type { User } from '../model/user.ts'
import type { ApiKey, EventRepository, UserRepository } from '../store/contract.ts'
import { OUR_PEOPLE } from './config.ts'
import type { ApiEnv } from './env.ts'
import { checkFields } from './faults.ts'
import type { People } from './people.ts'
import { json, refusals } from './routes.ts'
import { EventsSchema } from './schemas.ts'
import { asks } from './scopes.ts'
import { rfc3339 } from './shown.ts'

export interface EventsApiDeps {
  events: Pick<EventRepository, 'list'>
  people: People
  users: Pick<UserRepository, 'find'>
}

const MOST = 200

const query = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'is no cursor of an answer')
    .optional()
    .meta({
      description: 'From behind the last answer with this `cursor`; from the start without.',
    }),
  limit: z
    .string()
    .regex(/^(?:[1-9]\d?|1\d\d|200)$/, `is no number from 1 to ${MOST}`)
    .default('100')
    .meta({ description: 'How many at most.', example: '100' }),
})

/** The trail, page by page, for whoever keeps it elsewhere or looks for something in it. */
export function eventsApi({ events, people, users }: EventsApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/events',
      ...asks('events'),
      summary: 'Read the trail',
      description:
        'What happened, oldest first. A key of an application is shown what concerns its own users; one of `gatehouse` all but what concerns users of applications. A page may hold fewer events than `limit`, or none, and still not be the last: go on with its `cursor` while `more` says so.',
      request: { query },
      responses: { 200: json(EventsSchema, 'A page of it.'), ...refusals },
    }),
    async (c) => {
      const { cursor, limit } = c.req.valid('query')
      const key = c.get('key')
      const after = Number(cursor ?? 0)
      const page = await events.list(filterFor(key), { after, limit: Number(limit) })
      const known = await usersIn(page, users)
      const ours = await erasedOnesOfOurs(page, events)
      const shown = page.filter(
        (event) => key.application !== OUR_PEOPLE || isOurs(event, known, ours),
      )
      return c.json(
        {
          events: shown.map((event) => shownEvent(event, known, people)),
          cursor: String(page.at(-1)?.id ?? after),
          more: page.length === Number(limit),
        },
        200,
      )
    },
  )

  return app
}

const filterFor = ({ application }: ApiKey) => (application === OUR_PEOPLE ? {} : { application })

type KnownUsers = ReadonlyMap<string, User>

async function usersIn(
  page: readonly StoredEvent[],
  users: EventsApiDeps['users'],
): Promise<KnownUsers> {
  const ids = new Set(page.flatMap(({ userId }) => (userId === undefined ? [] : [userId])))
  const found = await Promise.all([...ids].map((id) => users.find(id)))
  return new Map(found.flatMap((user) => (user ? [[user.id, user] as const] : [])))
}

/** Whose events stand under a pseudonym is told by the trail itself. */
async function erasedOnesOfOurs(
  page: readonly StoredEvent[],
  events: EventsApiDeps['events'],
): Promise<ReadonlySet<unknown>> {
  const erased = page.flatMap(({ userId, isErased }) => (isErased && userId ? [userId] : []))
  const pseudonyms = [...new Set(erased)]
  if (pseudonyms.length === 0) return new Set()
  const filter = { names: ['trail.erased'], pseudonyms }
  const told = await events.list(filter, { limit: pseudonyms.length })
  const ours = told.filter(({ details }) => details?.application === OUR_PEOPLE)
  return new Set(ours.map(({ details }) => details?.pseudonym))
}

/** What says that somebody was erased names nobody, and whose user it was. */
const ERASURES: ReadonlySet<string> = new Set(['user.erased', 'trail.erased'])

/** Does an event concern the people who sign in here, or the gateway itself? */
function isOurs(event: StoredEvent, known: KnownUsers, ours: ReadonlySet<unknown>): boolean {
  const { name, userId, isErased, details } = event
  if (isErased) return ours.has(userId)
  if (ERASURES.has(name)) return (details?.application ?? OUR_PEOPLE) === OUR_PEOPLE
  return known.get(userId ?? '')?.application === undefined
}

function shownEvent(event: StoredEvent, known: KnownUsers, people: People) {
  const { id, at, name, userId, isErased, address, reference, details } = event
  const user = known.get(userId ?? '')
  return {
    id: String(id),
    at: rfc3339(at),
    name,
    ...(user ? { user_id: people.nameOf(user) } : {}),
    ...(isErased ? { erased: true as const } : {}),
    ...(address === undefined ? {} : { address }),
    ...(reference === undefined ? {} : { reference }),
    ...(details === undefined ? {} : { details: { ...details } }),
  }
}
