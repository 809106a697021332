import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { CodeField } from './parts/code-field.tsx'
import { Others } from './parts/others.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Who } from './parts/who.tsx'

/** What the page that invites another device needs to know. */
export interface EnrollApproverProps {
  brand: Brand
  action: string
  csrf: string
  /** An `<svg>` of our own making: it is put on the page as it is. */
  qrSvg: string
  /** What the QR code holds. */
  url: string
  /** Has a device opened the link? */
  joined: boolean
  /** Where it is told of as soon as one has. */
  events?: string | undefined
  user: string
  /** Absent where nobody else can be meant. */
  notYou?: string | undefined
  destination?: Destination | undefined
  problem?: string | undefined
  triesLeft?: number | undefined
  wait?: Wait | undefined
  others?: boolean | undefined
  back?: { label: string; href: string } | undefined
}

const LOOK_EVERY = 5

/** Invites another device by a link, and asks for the number that it shows. */
export const EnrollApprover = (props: EnrollApproverProps) => {
  const { brand, action, csrf, user, notYou, destination, joined } = props
  return (
    <Layout
      brand={brand}
      title="Set up approval on your phone"
      wide
      back={props.back}
      scripts={joined ? [] : ['approval']}
      refresh={joined ? undefined : LOOK_EVERY}
    >
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>Set up approval on your phone</h1>
      <Purpose destination={destination} />
      <p>
        When you sign in, your phone asks whether it was you. Whoever learns or guesses your
        password still cannot get in without it. Any browser will do, on a phone or on another
        computer.
      </p>
      {joined ? <NumberForm {...props} /> : <Invitation {...props} />}
      <Others action={action} csrf={csrf} shown={props.others ?? false} />
    </Layout>
  )
}

const Invitation = ({ qrSvg, url, events }: EnrollApproverProps) => (
  <ol class="steps">
    <li data-approval="wait" data-events={events}>
      <h2>Open this link on your phone</h2>
      <div class="key">
        <div
          class="qr"
          role="img"
          aria-label="QR code for your phone. The link beside it does the same."
          dangerouslySetInnerHTML={{ __html: qrSvg }}
        />
        <div class="key-ways">
          <p>Scan this picture with the camera.</p>
          <p>
            Or open this address there:
            <code class="secret">{url}</code>
          </p>
          <p class="hint">It works once, and for ten minutes.</p>
        </div>
      </div>
    </li>
    <li>
      <h2>Type the number it shows</h2>
      <p class="hint">The page goes on as soon as your phone has opened the link.</p>
    </li>
  </ol>
)

const NumberForm = ({ action, csrf, problem, triesLeft, wait }: EnrollApproverProps) => (
  <form method="post" action={action}>
    <input type="hidden" name="csrf" value={csrf} />
    <CodeField
      label="The two digits on your phone"
      focus
      problem={problem}
      triesLeft={triesLeft}
      wait={wait}
    />
    <button class="primary" type="submit">
      Finish
    </button>
  </form>
)
