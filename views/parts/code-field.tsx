import type { Wait } from '../brand.ts'
import { asTyped, focused } from './field.tsx'
import { Problem } from './problem.tsx'

/** The one field for the one code. */
export interface CodeFieldProps {
  label: string
  focus: boolean
  problem?: string | undefined
  triesLeft?: number | undefined
  wait?: Wait | undefined
  /** Has the code letters too? */
  numeric?: boolean | undefined
}

/** One wide field for a code. No `maxlength`: spaces and dashes that come with a paste are forgiven. */
export const CodeField = ({
  label,
  focus,
  problem,
  triesLeft,
  wait,
  numeric = true,
}: CodeFieldProps) => (
  <div class="field">
    <label for="code">{label}</label>
    <input
      class="code"
      id="code"
      name="code"
      type="text"
      inputmode={numeric ? 'numeric' : 'text'}
      autocomplete="one-time-code"
      required
      aria-describedby={problem || wait ? 'code-problem' : undefined}
      aria-invalid={problem && !wait ? 'true' : undefined}
      {...asTyped}
      {...(focus ? focused : {})}
    />
    <Problem id="code-problem" message={problem} triesLeft={triesLeft} wait={wait} />
  </div>
)
