import { Tick } from './icons.tsx'

/** Says that a change has been made; nothing at all when none was. */
export const Done = ({ message }: { message: string | undefined }) =>
  message === undefined ? null : (
    <p class="done" role="status">
      <Tick />
      <span>{message}</span>
    </p>
  )
