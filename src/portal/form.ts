import type { Context } from 'hono'
import type { AppEnv } from '../web/env.ts'

/** What a form says; every part may be hostile. */
export interface Form {
  /** The text of a field; empty when there is none. */
  field(name: string): string
  has(name: string): boolean
}

export async function readForm(c: Context<AppEnv>): Promise<Form> {
  const body = await c.req.parseBody()
  return {
    field: (name) => (typeof body[name] === 'string' ? body[name] : ''),
    has: (name) => Object.hasOwn(body, name),
  }
}
