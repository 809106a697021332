/** The way back to the choice of what to set up. */
export const Others = ({
  action,
  csrf,
  shown,
}: {
  action: string
  csrf: string
  shown: boolean
}) =>
  shown ? (
    <form class="ways" method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      <button type="submit" name="enroll" value="">
        Set up something else instead
      </button>
    </form>
  ) : null
