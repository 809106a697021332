/** Our mark: a gate that stands open. */
export const GateMark = () => (
  <svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
    <path
      class="mark-wall"
      d="M4 30V7a1 1 0 0 1 1-1h4V3a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1v3h6V3a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1v3h4a1 1 0 0 1 1 1v23h-6V19a6 6 0 0 0-12 0v11z"
    />
    <path class="mark-light" d="M16 15.5a3.5 3.5 0 0 1 3.5 3.5V30h-7V19a3.5 3.5 0 0 1 3.5-3.5z" />
  </svg>
)

/** Stands before a sentence about something that went wrong. */
export const Warning = () => (
  <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
    <path
      fill="currentColor"
      d="M10 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16zm0 10.2a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2zM10 5.4c-.6 0-1 .5-1 1.1l.3 4c0 .4.3.7.7.7s.7-.3.7-.7l.3-4c0-.6-.4-1.1-1-1.1z"
    />
  </svg>
)

/** Stands before a sentence about something that is done. */
export const Tick = () => (
  <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
    <path
      fill="none"
      stroke="currentColor"
      stroke-width="2.25"
      stroke-linecap="round"
      stroke-linejoin="round"
      d="m4.5 10.5 3.5 3.5 7.5-8"
    />
  </svg>
)

/** Stands before a person's name. */
export const Person = () => (
  <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
    <path
      fill="currentColor"
      d="M10 10a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm0 1.8c-4 0-7 2-7 4.6V18h14v-1.6c0-2.6-3-4.6-7-4.6z"
    />
  </svg>
)

/** Where a link leads: on, or back. */
export const Arrow = ({ direction }: { direction: 'on' | 'back' }) => (
  <svg class="icon arrow" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
    <path
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      d={direction === 'on' ? 'm8 5 5 5-5 5' : 'm12 5-5 5 5 5'}
    />
  </svg>
)
