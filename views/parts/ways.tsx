/** Something else that would do. */
export interface OtherWay {
  /** What the form sends. */
  id: string
  title: string
  /** What tells it from others of its kind: `•••• 42`. */
  detail?: string | undefined
}

/** What the list of other ways needs to know. */
export interface WaysProps {
  action: string
  csrf: string
  ways: readonly OtherWay[]
}

/** All other ways to prove it, one tap away. */
export const Ways = ({ action, csrf, ways }: WaysProps) =>
  ways.length === 0 ? null : (
    <form class="ways" method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      <h2>Another way</h2>
      {ways.map(({ id, title, detail }) => (
        <button type="submit" name="way" value={id}>
          <span>{title}</span>
          {detail && <span class="hint">{detail}</span>}
        </button>
      ))}
    </form>
  )
