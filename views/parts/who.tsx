import { Person } from './icons.tsx'

/** Shows who is answering, with the way out for everybody else. */
export const Who = ({ name, notYou }: { name: string; notYou: string }) => (
  <p class="who">
    <Person />
    <span class="who-name">{name}</span>
    <a href={notYou}>Not you?</a>
  </p>
)
