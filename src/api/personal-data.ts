import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { Audit } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import { isLastAdministrator } from '../login/account/personal.ts'
import { personalDataOf } from '../login/personal-data.ts'
import type { PersonRepository, UserRepository } from '../store/contract.ts'
import type { ApiEnv } from './env.ts'
import { checkFields, refuse } from './faults.ts'
import type { People } from './people.ts'
import { json, refusals } from './routes.ts'
import { PersonalDataSchema, userId } from './schemas.ts'
import { asks } from './scopes.ts'

export interface PersonalDataApiDeps {
  audit: Audit
  clock: Clock
  people: People
  persons: PersonRepository
  users: UserRepository
}

const whose = { params: z.strictObject({ user_id: userId() }) }

/** Everything about one user of the calling application: told, and erased. */
export function personalDataApi(deps: PersonalDataApiDeps): OpenAPIHono<ApiEnv> {
  const { audit, people, persons, users } = deps
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: checkFields })

  app.openapi(
    createRoute({
      method: 'get',
      path: '/users/{user_id}/export',
      ...asks('users'),
      summary: 'Tell everything that is stored about a user',
      description:
        'For the user themselves: what they agreed to and when, their factors, what happened. Secrets are named under `withheld`, and never given.',
      request: whose,
      responses: { 200: json(PersonalDataSchema, 'All of it.'), ...refusals },
    }),
    async (c) => {
      const user = await people.findAny(c.get('key'), c.req.valid('param').user_id)
      const data = user && (await personalDataOf(user.id, deps))
      if (!user || !data) {
        return refuse(c, { status: 404, code: 'unknown_user', title: 'There is no such user.' })
      }
      const by = `api ${c.get('key').application}`
      const { address } = c.env.client
      audit.record({ name: 'user.exported', userId: user.id, address, details: { by } })
      return c.json(data, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/users/{user_id}',
      ...asks('users'),
      summary: 'Erase a user',
      description:
        'With factors, challenges, consents and history, at once and for good. Erasing somebody who is not there is no fault.',
      request: whose,
      responses: { 204: { description: 'Nothing of them is stored.' }, ...refusals },
    }),
    async (c) => {
      const user = await people.findAny(c.get('key'), c.req.valid('param').user_id)
      if (!user) return c.body(null, 204)
      if (user.application === undefined && isLastAdministrator(user, await users.list())) {
        const title = 'This is the last administrator. Make somebody else one first.'
        return refuse(c, { status: 409, code: 'last_administrator', title })
      }
      await persons.erase(user.id)
      const { application } = c.get('key')
      audit.record({ name: 'user.erased', details: { by: `api ${application}`, application } })
      return c.body(null, 204)
    },
  )

  return app
}
