/** One line of a request's head. */
export interface DemoHeader {
  name: string
  value: string
  /** Set by the gateway. */
  ours: boolean
}

/** A table of request headers. */
export const DemoHeaders = ({
  caption,
  headers,
}: {
  caption: string
  headers: readonly DemoHeader[]
}) => (
  <table>
    <caption>{caption}</caption>
    <tbody>
      {headers.map(({ name, value }) => (
        <tr>
          <th scope="row">{name}</th>
          <td>{value === '' ? <em>empty</em> : value}</td>
        </tr>
      ))}
    </tbody>
  </table>
)
