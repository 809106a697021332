import { generate } from 'otplib'
import { createVisitor } from '../support/visitor.ts'
import { type BenchedGateway, PASSWORD, type Person } from './gateway.ts'
import { type Asked, load } from './load.ts'
import { cpuMicroseconds } from './processes.ts'

/** Signs somebody in, password and code, from an address of their own. */
async function signIn({ port }: BenchedGateway, { name, secret }: Person, place: number) {
  const address = `10.${place >> 16}.${(place >> 8) & 255}.${place & 255}`
  const visitor = createVisitor(port, { 'x-forwarded-for': address })
  await visitor.open(`http://localhost:${port}/.gatehouse/login`)
  const next = await visitor.submit({ username: name, password: PASSWORD })
  await visitor.open(new URL(next.location ?? '', visitor.url).href)
  await visitor.submit({ code: await generate({ secret }) })
  if (!visitor.jar.has('gatehouse')) throw new Error(`${name} could not sign in`)
}

let places = 0
const nextPlace = () => {
  places += 1
  return places
}

/** CPU time of one sign-in, in microseconds. */
export async function measureSignIns(
  gateway: BenchedGateway,
  people: readonly Person[],
): Promise<number> {
  const before = cpuMicroseconds(gateway.pids)
  for (const person of people) await signIn(gateway, person, nextPlace())
  return (cpuMicroseconds(gateway.pids) - before) / people.length
}

/** How long a proxied GET takes at worst, ninety-nine of a hundred times, while all of them sign in at once. */
export async function p99WhileSigningIn(
  gateway: BenchedGateway,
  people: readonly Person[],
  asked: Asked,
): Promise<number> {
  let done = false
  const all = Promise.all(people.map((person) => signIn(gateway, person, nextPlace()))).then(() => {
    done = true
  })
  const worst: number[] = []
  while (!done) {
    const { p99Ms } = await load(asked, { seconds: 2, connections: 4 })
    worst.push(p99Ms)
  }
  await all
  return Math.max(...worst)
}
