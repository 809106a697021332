import { Problem } from './problem.tsx'

/** One question with its label, its hint and its problem. */
export interface FieldProps {
  name: string
  label: string
  autocomplete: string
  type?: 'text' | 'password' | 'email' | 'tel' | undefined
  value?: string | undefined
  hint?: string | undefined
  /** What is wrong with this field; stands below it. */
  problem?: string | undefined
  /** A problem shown elsewhere on the page that is about this field too. */
  describedBy?: string | undefined
  invalid?: boolean | undefined
  optional?: boolean | undefined
  focus?: boolean | undefined
  /** Shown as it is typed: names of users, addresses. */
  verbatim?: boolean | undefined
}

/** A labelled field; its hint and its problem are tied to it for those who listen. */
export const Field = (props: FieldProps) => {
  const { name, label, hint, problem, optional, verbatim } = props
  const problemId = `${name}-problem`
  const describedBy = [hint && `${name}-hint`, problem && problemId, props.describedBy]
    .filter(Boolean)
    .join(' ')
  return (
    <div class="field">
      <label for={name}>
        {label}
        {optional && <span class="optional"> (optional)</span>}
      </label>
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      <input
        id={name}
        name={name}
        type={props.type ?? 'text'}
        value={props.value}
        autocomplete={props.autocomplete}
        required={!optional}
        aria-describedby={describedBy || undefined}
        aria-invalid={problem || props.invalid ? 'true' : undefined}
        {...(verbatim ? asTyped : {})}
        {...(props.focus ? focused : {})}
      />
      <Problem id={problemId} message={problem} />
    </div>
  )
}

/** No capital at the start, no correction, no red line under it. */
export const asTyped = {
  autocapitalize: 'none',
  autocorrect: 'off',
  spellcheck: false,
} as const

/** The page asks one question, so typing may begin at once. */
export const focused = { autofocus: true } as const
