import type { ReactNode } from "react";

const isNumber = (text: string | undefined) => !!text && !Number.isNaN(Number(text));

/** The rows of a table that is a file. */
export function Sheet({ head, rows, note }: { head: string[]; rows: string[][]; note: ReactNode }) {
  return (
    <>
      <div className="sheet" tabIndex={0} role="region" aria-label="Rows">
        <table>
          <thead>
            <tr>
              {head.map((each, at) => (
                <th key={at} scope="col" className={isNumber(rows[0]?.[at]) ? "numeric" : ""}>
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                {row.map((each, column) => (
                  <td key={column} className={isNumber(each) ? "numeric" : ""}>
                    {each}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {note && <p className="faint note-below">{note}</p>}
    </>
  );
}
