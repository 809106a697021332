import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { Problem } from './parts/problem.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Who } from './parts/who.tsx'

/** One kind of second factor. */
export interface FactorChoice {
  /** What the form sends. */
  kind: string
  title: string
  /** What it protects from, and what it does not. */
  about: string
  recommended: boolean
}

/** What the page that offers second factors needs to know. */
export interface ChooseFactorProps {
  brand: Brand
  action: string
  csrf: string
  choices: readonly FactorChoice[]
  /** The name a person goes by. */
  user: string
  /** Where somebody else starts over; absent on the account page. */
  notYou?: string | undefined
  destination?: Destination | undefined
  /** A sentence that says why. */
  reason?: string | undefined
  /** Why the last choice came to nothing. */
  problem?: string | undefined
  wait?: Wait | undefined
  back?: { label: string; href: string } | undefined
}

/** Offers the kinds of second factors, each with what it is good for. */
export const ChooseFactor = (props: ChooseFactorProps) => {
  const { brand, action, csrf, choices, user, notYou, destination, reason, problem, wait } = props
  return (
    <Layout brand={brand} title="Choose a second step" back={props.back}>
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>Choose a second step</h1>
      <Purpose destination={destination} reason={reason} />
      <Problem id="problem" message={problem} wait={wait} />
      <form class="choices" method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        {choices.map((choice) => (
          <Choice {...choice} />
        ))}
      </form>
    </Layout>
  )
}

const Choice = ({ kind, title, about, recommended }: FactorChoice) => (
  <button class="choice" type="submit" name="enroll" value={kind}>
    <strong>
      {capitalized(title)}
      {recommended && <span class="tag">recommended</span>}
    </strong>
    <span class="hint">{about}</span>
  </button>
)

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
