import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { Field } from './parts/field.tsx'
import { Problem } from './parts/problem.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Who } from './parts/who.tsx'

/** What the page that asks where codes shall go needs to know. */
export interface EnrollTargetProps {
  brand: Brand
  action: string
  csrf: string
  needs: 'email' | 'phone'
  /** The kind that is being set up; goes back with the form. */
  kind: string
  title: string
  about: string
  /** What was typed before, or what is known already. */
  value?: string | undefined
  user: string
  notYou?: string | undefined
  destination?: Destination | undefined
  problem?: string | undefined
  wait?: Wait | undefined
  back?: { label: string; href: string } | undefined
}

/** Asks for a mail address or a phone number that codes are sent to. */
export const EnrollTarget = (props: EnrollTargetProps) => {
  const { brand, action, csrf, needs, kind, title, about, user, notYou, problem, wait } = props
  const isMail = needs === 'email'
  return (
    <Layout brand={brand} title={`Set up: ${title}`} back={props.back}>
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>{isMail ? 'Where shall codes be mailed to?' : 'Which phone shall get the codes?'}</h1>
      <Purpose destination={props.destination} />
      <p>{about}</p>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="enroll" value={kind} />
        <Field
          name="target"
          label={isMail ? 'Mail address' : 'Phone number'}
          type={isMail ? 'email' : 'tel'}
          autocomplete={isMail ? 'email' : 'tel'}
          hint={isMail ? undefined : 'With the country code: +49 170 1234567'}
          value={props.value}
          focus
          problem={problem}
        />
        <Problem id="wait" wait={wait} />
        <button class="primary" type="submit">
          Send a code
        </button>
      </form>
    </Layout>
  )
}
