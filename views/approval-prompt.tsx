import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { BigNumber } from './parts/big-number.tsx'
import { Problem } from './parts/problem.tsx'
import { Purpose } from './parts/purpose.tsx'
import { type OtherWay, Ways } from './parts/ways.tsx'
import { Who } from './parts/who.tsx'

/** What the page that waits for another device needs to know. */
export interface ApprovalPromptProps {
  brand: Brand
  action: string
  csrf: string
  /** Two digits; empty when nothing could be asked. */
  number: string
  /** The device that is asked: `Chrome on Android`. */
  where: string
  /** The page on which that device is asked; absent where an app is. */
  link?: string | undefined
  standing: 'pending' | 'approved' | 'denied' | 'expired'
  /** How far the notification has come; `none` where none is sent. */
  delivery: 'none' | 'waiting' | 'sent' | 'failed'
  /** Where the answer is told of as soon as it is there. */
  events?: string | undefined
  /** The name a person goes by. */
  user: string
  /** Where somebody else starts over. */
  notYou?: string | undefined
  destination?: Destination | undefined
  /** A sentence that says why this is asked. */
  reason?: string | undefined
  problem?: string | undefined
  wait?: Wait | undefined
  ways?: readonly OtherWay[] | undefined
}

/** Seconds between two looks of a browser without scripts. */
const LOOK_EVERY = 5

/** Shows a number, and waits for it to be found again on another device. */
export const ApprovalPrompt = (props: ApprovalPromptProps) => {
  const { brand, user, notYou, destination, reason, standing, number } = props
  const isWaiting = standing === 'pending' && number !== ''
  return (
    <Layout
      brand={brand}
      title={titleOf(props)}
      scripts={standing === 'denied' ? [] : ['approval']}
      refresh={isWaiting ? LOOK_EVERY : undefined}
    >
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>{titleOf(props)}</h1>
      <Purpose destination={destination} reason={reason} />
      <Problem id="problem" message={props.problem} wait={props.wait} />
      {isWaiting ? <Waiting {...props} /> : <Over {...props} />}
      <Ways action={props.action} csrf={props.csrf} ways={props.ways ?? []} />
    </Layout>
  )
}

function titleOf({ standing, number }: ApprovalPromptProps): string {
  if (standing === 'approved') return 'Approved'
  if (standing === 'denied') return 'Sign-in refused'
  if (standing === 'expired') return 'Nobody answered in time'
  return number === '' ? 'Your other device could not be asked' : 'Approve on your other device'
}

const Waiting = (props: ApprovalPromptProps) => {
  const { action, csrf, number, where, link, delivery, events } = props
  return (
    <>
      <p>{told(delivery, where, link)}</p>
      <BigNumber value={number} label="The number to pick there" />
      <form method="post" action={action} data-approval="wait" data-events={events}>
        <input type="hidden" name="csrf" value={csrf} />
        <p class="hint" data-approval="script" hidden>
          This page goes on by itself as soon as you have answered. You have one minute.
        </p>
        <button class="primary" type="submit">
          I have approved it
        </button>
      </form>
      {link !== undefined && delivery !== 'none' && (
        <details>
          <summary>No notification?</summary>
          <p>
            Open <a href={link}>{bare(link)}</a> on {where}. The request is there, too.
          </p>
        </details>
      )}
    </>
  )
}

const Over = ({ action, csrf, standing, where }: ApprovalPromptProps) => {
  if (standing === 'denied') {
    return <p>On {where} somebody said that this was not them, or picked another number.</p>
  }
  if (standing === 'approved') {
    return (
      <form method="post" action={action} data-approval="go">
        <input type="hidden" name="csrf" value={csrf} />
        <button class="primary" type="submit">
          Continue
        </button>
      </form>
    )
  }
  return (
    <>
      <p>
        {standing === 'expired'
          ? `A request lasts for one minute. Take ${where} to hand, and ask again.`
          : 'Another sign-in with your name waits for an answer, or there were too many requests in a short time.'}
      </p>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <button class="primary" type="submit" name="resend" value="1">
          Ask again
        </button>
      </form>
    </>
  )
}

function told(delivery: ApprovalPromptProps['delivery'], where: string, link?: string): string {
  const there = link === undefined ? `Open the app on ${where}` : `Open ${bare(link)} on ${where}`
  switch (delivery) {
    case 'sent':
      return `We have sent a notification to ${where}. Open it and pick this number.`
    case 'waiting':
      return `A notification is on its way to ${where}. Open it and pick this number.`
    case 'failed':
      return `The notification could not be delivered. ${there} and pick this number.`
    case 'none':
      return `${there} and pick this number.`
  }
}

/** An address as people say it. */
const bare = (link: string) => link.replace(/^https?:\/\//, '')
