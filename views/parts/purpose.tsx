import type { Destination } from '../brand.ts'

/** Says where a person is going and why they are asked; stands right under the title. */
export const Purpose = ({
  destination,
  reason,
}: {
  destination?: Destination | undefined
  reason?: string | undefined
}) => (
  <>
    {destination && (
      <p class="purpose">
        to continue to {destination.name !== destination.host && `${destination.name} at `}
        <strong>{destination.host}</strong>
      </p>
    )}
    {reason && <p class="reason">{reason}</p>}
  </>
)
