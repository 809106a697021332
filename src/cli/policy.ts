import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { findConfigFile } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import {
  type Explanation,
  explain,
  inWords,
  matchInWords,
  requirementInWords,
} from '../gateway/explain.ts'
import { asSignedIn, createRehearsal, type Question } from '../gateway/rehearsal.ts'
import { compileRoutes, type Routes } from '../gateway/routes.ts'
import { RISK_LEVELS, type RiskLevel } from '../model/risk.ts'
import { PROVABLE, type ProvedLevel } from '../policy/config.ts'
import type { ExplainedRule } from '../policy/explain.ts'
import { type Command, type CommandContext, WrongUsage } from './command.ts'
import { atDesk } from './open.ts'
import { table } from './table.ts'

/** Somebody, as far as rules look at people. */
interface Person {
  name: string
  groups: readonly string[]
  /** How unusual their sign-in was. */
  risk?: RiskLevel | undefined
}

/** Tells what the rules say about one request, and why. */
export const policy: Command = {
  name: 'policy',
  usage:
    'policy explain --url URL [--user NAME [--groups a,b] [--risk low|medium|high]] [--method GET] [--ip ADDRESS] [--config FILE]',
  summary: 'Tell what the rules say about a request, rule by rule',

  async run(args, context) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        url: { type: 'string' },
        user: { type: 'string' },
        groups: { type: 'string' },
        risk: { type: 'string' },
        method: { type: 'string', default: 'GET' },
        ip: { type: 'string', default: '' },
      },
    })
    const { url, user, groups, method, ip } = values
    if (positionals.length !== 1 || positionals[0] !== 'explain')
      throw new WrongUsage('say explain')
    if (url === undefined) throw new WrongUsage('say which page: --url https://wiki.example.com/')
    if (ip !== '' && isIP(ip) === 0) throw new WrongUsage(`${ip} is no address`)
    if (!/^[A-Z]+$/.test(method)) throw new WrongUsage('write the method in capitals: --method GET')
    if (groups !== undefined && user === undefined) throw new WrongUsage('name the --user, too')

    const risk = RISK_LEVELS.find((level) => level === values.risk)
    if (values.risk !== undefined && !risk)
      throw new WrongUsage(`--risk takes ${RISK_LEVELS.join(', ')}`)
    if (risk && user === undefined) throw new WrongUsage('name the --user, too')

    const { environment } = context
    const { config } = loadConfig(findConfigFile(values.config, environment), environment)
    const named = user === undefined ? undefined : await personNamed(user, groups, values, context)
    const person = named && { name: named.name, groups: named.groups, risk }
    const question = { url, method, address: ip }
    for (const line of linesAbout(config, question, person)) context.print(line)
    return 0
  },
}

/** Groups come from the store, unless they are given: then nobody of that name need be there. */
async function personNamed(
  name: string,
  groups: string | undefined,
  { config }: { config?: string | undefined },
  context: CommandContext,
): Promise<Person> {
  if (groups !== undefined) return { name, groups: groups.split(',').filter(Boolean) }
  return atDesk(context, { config }, ({ userNamed }) => userNamed(name))
}

type Asked = Omit<Question, 'signedIn'>

function linesAbout(config: Config, asked: Asked, person: Person | undefined): string[] {
  const { portal, routes: configs, networks, assertion } = config
  const routes = compileRoutes(configs, { portal: portal.url, networks, assertion })
  const { method, url, address } = asked
  const from = address === '' ? 'from an address in no network' : `from ${address}`
  const explanation = explain(routes, asked)
  return [
    `${method} ${url} ${from}`,
    ...(person ? [`as ${person.name}, ${groupsOf(person)}${atRisk(person)}`] : []),
    '',
    ...(explanation ? [...walk(explanation, person), ''] : []),
    ...decisions(routes, asked, person),
  ]
}

const groupsOf = ({ groups }: Person) =>
  groups.length > 0 ? `in ${groups.join(', ')}` : 'in no group'

const atRisk = ({ risk }: Person) => (risk ? `, by a sign-in whose risk is ${risk}` : '')

function walk({ route, readings, rules }: Explanation, person: Person | undefined): string[] {
  const decidedAt = rules.findIndex(({ rule, match }) => !rule.reportsOnly && match !== 'no')
  const rows = rules.map((explained, index) => {
    const { rule } = explained
    const name = rule.reportsOnly ? `${rule.name} (reports only)` : rule.name
    const isReached = decidedAt < 0 || index <= decidedAt
    return [`${rule.position + 1}`, name, isReached ? verdictOn(explained, person) : 'not reached']
  })
  const about = `route ${route.pattern}${route.pattern === route.host ? '' : ` (for ${route.host})`}`
  if (readings.length === 0) return [about, 'path  cannot be pinned down, so no rule is asked']
  return [
    about,
    `path  ${readings.join('  or  ')}`,
    ...table(['#', 'RULE', 'IS IT ABOUT THIS REQUEST?'], rows),
  ]
}

function verdictOn(explained: ExplainedRule, person: Person | undefined): string {
  const { rule, match } = explained
  const about = matchInWords(explained)
  if (match !== 'yes') return about
  const { admits } = rule
  const raised = person?.risk && rule.atRisk?.[person.risk]
  const effect = raised ?? rule.effect
  const why = raised ? `, at a risk that is ${person?.risk}` : ''
  if (typeof effect === 'string') return `${about} → ${effect}${why}`
  const who = !admits
    ? ''
    : !person
      ? ', of some people only'
      : admits(asSignedIn({ ...person, proved: 'one_factor', authenticatedAt: 0 }).user)
        ? `, and lets ${person.name} in`
        : `, and does not let ${person.name} in`
  return `${about} → asks for ${requirementInWords(effect)}${why}${who}`
}

const STAGES: Readonly<Record<ProvedLevel, string>> = {
  one_factor: 'AAL 1, a password just now',
  two_factor: 'AAL 2, password and code just now',
  phishing_resistant: 'AAL 2, a passkey just now',
}

function decisions(routes: Routes, asked: Asked, person: Person | undefined): string[] {
  const now = systemClock.now()
  const rehearse = createRehearsal(routes, now)
  const rows = [['AAL 0, not signed in', inWords(rehearse({ ...asked, signedIn: undefined }))]]
  for (const proved of person ? PROVABLE : []) {
    const signedIn = person && asSignedIn({ ...person, proved, authenticatedAt: now })
    rows.push([STAGES[proved], inWords(rehearse({ ...asked, signedIn }))])
  }
  return table(['WITH', 'THE ANSWER IS'], rows)
}
