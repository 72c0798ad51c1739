/** What is saved of several readings together. Pure functions. */

/**
 * Tables of the same columns as one: the first line of the first, then the rows of all.
 *
 * @param {string[]} tables
 * @returns {string}
 */
export function joinedTables(tables) {
  return tables
    .map((table, index) => (index === 0 ? table : table.slice(table.indexOf("\n") + 1)))
    .map((table) => (table === "" || table.endsWith("\n") ? table : `${table}\n`))
    .join("");
}

/**
 * Documents as the server answers with them.
 *
 * @param {import("../contract.js").Document[]} documents
 * @returns {string}
 */
export function documentsFile(documents) {
  return `${JSON.stringify({ documents, errors: [] }, null, 2)}\n`;
}
