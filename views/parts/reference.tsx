/** The number under which an administrator finds what happened. */
export const Reference = ({ value }: { value: string }) => (
  <p class="reference">
    <span>Reference number</span> <code>{value}</code>
  </p>
)
