import type { Context } from 'hono'
import { OUR_PEOPLE } from './config.ts'
import type { ApiEnv } from './env.ts'
import type { createOwnership } from './ownership.ts'
import type { People } from './people.ts'

export interface AboutWhomDeps {
  ownership: ReturnType<typeof createOwnership>
  people: People
}

/** Which user a request is about. @returns A name for counting; `undefined` where it says nothing about that. */
export type AboutWhom = (c: Context<ApiEnv>) => Promise<string | undefined>

const LONGEST_NAME = 128

/** The thing that a path names by its id, and which kind of thing that is. */
const THING = /\/(challenges|enroll|factors|devices)\/([^/]+)/

/**
 * Finds out whom a request is about, by a user's name or by something that is theirs. Whoever is known has
 * one name for counting, whatever they are called; things of other applications tell nothing.
 */
export function createAboutWhom({ ownership, people }: AboutWhomDeps): AboutWhom {
  const byName = async (c: Context<ApiEnv>, name: string) => {
    const key = c.get('key')
    // An application has one name for each of its users; people who sign in here have two.
    if (key.application !== OUR_PEOPLE) return name
    return (await people.findAny(key, name))?.name ?? name
  }

  const byThing = async (c: Context<ApiEnv>, kind: string, id: string) => {
    const isQuestion = kind === 'challenges'
    const own = isQuestion
      ? await ownership.ownChallenge(c, id)
      : await ownership.ownCredential(c, id)
    return own && people.nameOf(own.user)
  }

  return async (c) => {
    const { pathname } = new URL(c.req.url)
    const [, inPath] = /\/users\/([^/]+)/.exec(pathname) ?? []
    if (inPath !== undefined) return byName(c, decoded(inPath))
    const [, kind, id] = THING.exec(pathname) ?? []
    if (kind !== undefined && id !== undefined) return byThing(c, kind, decoded(id))
    if (c.req.method !== 'POST') return undefined
    const body: unknown = await c.req.json().catch(() => undefined)
    const name = textIn(body, 'user_id')
    if (name !== undefined) return byName(c, name)
    const question = textIn(body, 'challenge_id')
    if (question === undefined) return undefined
    // What is being registered is named by the authenticator that is to be.
    return byThing(c, pathname.endsWith('/register/verify') ? 'factors' : 'challenges', question)
  }
}

function textIn(body: unknown, field: 'user_id' | 'challenge_id'): string | undefined {
  if (typeof body !== 'object' || body === null || !(field in body)) return undefined
  const value = (body as Record<string, unknown>)[field]
  return typeof value === 'string' && value !== '' ? value.slice(0, LONGEST_NAME) : undefined
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text).slice(0, LONGEST_NAME)
  } catch {
    return text.slice(0, LONGEST_NAME)
  }
}
