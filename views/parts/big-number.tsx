/** Two digits that are carried from one screen to another. */
export const BigNumber = ({ value, label }: { value: string; label: string }) => (
  <p class="big-number">
    <span>{label}</span> <strong class="big-digits">{value}</strong>
  </p>
)
