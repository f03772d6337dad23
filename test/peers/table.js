// Markdown tables: writes them, and compares them cell by cell with those of a document.

/** Lengths differ slightly from run to run if a value is base64 in a cookie. */
const TOLERANCE = 0.02

/** @param {string[][]} table the first row and the first column are titles */
export function format(table) {
  const widths = table[0].map((_, column) => Math.max(3, ...table.map((row) => row[column].length)))
  const line = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |\n`
  const [head, ...body] = table
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + body.map(line).join('')
}

/**
 * Returns what a document's table has that `table` has not, one line each. A document may print
 * fewer rows and columns, unless it must be `complete`; other tables are ignored.
 */
export function differences(file, text, table, numbers, complete) {
  const [[, ...columns], ...rows] = table
  const expected = new Map(
    rows.flatMap(([row, ...cells]) => cells.map((cell, at) => [keyOf(row, columns[at]), cell])),
  )
  const wrong = []
  for (const { row, column, cell } of printed(text, columns)) {
    const key = keyOf(row, column)
    const right = expected.get(key)
    expected.delete(key)
    if (right === undefined) wrong.push(`${file}: ${key} is not a result`)
    else if (!isSame(cell, right, numbers.includes(row))) {
      wrong.push(`${file}: ${key} is “${right}”, not “${cell}”`)
    }
  }
  if (complete) wrong.push(...[...expected.keys()].map((key) => `${file}: ${key} is missing`))
  return wrong
}

function keyOf(row, column) {
  return `${row} / ${column}`
}

function isSame(cell, right, isNumber) {
  if (cell === right) return true
  return isNumber && Math.abs(Number(cell) / Number(right) - 1) <= TOLERANCE
}

/** Returns the cells of every table that has at least two of the columns. */
function printed(text, columns) {
  return text.split(/\n(?!\|)/).flatMap((block) => {
    const lines = block.split('\n').filter((line) => line.startsWith('|'))
    const [[, ...titles] = [], , ...rows] = lines.map(cellsOf)
    if (titles.filter((title) => columns.includes(title)).length < 2) return []
    return rows.flatMap(([row, ...cells]) =>
      cells.map((cell, at) => ({ row, column: titles[at], cell })),
    )
  })
}

/** Removes the marks of footnotes, which belong to the document. */
function cellsOf(line) {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replace(/(\[\^\w+\]|[¹²³⁴⁵⁶⁷⁸⁹]+)$/, '').trim())
}
