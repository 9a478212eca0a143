// @ts-check
// Tables as text, and what is saved as a file.

// A field that begins like a formula would be run by a spreadsheet.
function field(value) {
  const text = String(value ?? "").replace(/^[=+\-@]/, "'$&");
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A table as CSV (RFC 4180); null is an empty field.
 *
 * @param {string[]} columns
 * @param {unknown[][]} rows
 */
export function toTable(columns, rows) {
  return [...[columns, ...rows].map((row) => row.map(field).join(",")), ""].join("\r\n");
}

/**
 * Lets the browser save something as a file that is named by what it is and by the time.
 *
 * @param {string} name
 * @param {string} ending
 * @param {string} type
 * @param {BlobPart} content
 */
export function download(name, ending, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = `${name}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
