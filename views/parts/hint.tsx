/** Something that the person should do, with the page on which they do it. */
export interface AccountHint {
  sentence: string
  label: string
  href: string
}

/** Something that the person should do. */
export const Hint = ({ sentence, label, href }: AccountHint) => (
  <div class="notice">
    <p>{sentence}</p>
    <p>
      <a href={href}>{label}</a>
    </p>
  </div>
)
