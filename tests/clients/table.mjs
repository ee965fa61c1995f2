// What the clients found, as a table in Markdown: a row for each route and field, a column for each client.

/** The modes in which a client used a field; one that failed says so. */
function cell(checks) {
  return checks.map(({ mode, fault }) => (fault === null ? mode : `**${mode} fails**`)).join(", ");
}

/** The table, with a line break at its end. */
export function table(found) {
  const clients = [...new Set(found.map(({ client }) => client))].sort();
  const rows = new Map();
  for (const check of found) {
    const key = `${check.route}\n${check.field}`;
    rows.set(key, [...(rows.get(key) ?? []), check]);
  }
  const lines = [...rows].map(([key, checks]) => {
    const cells = clients.map((client) => cell(checks.filter((check) => check.client === client)));
    return `| ${[...key.split("\n").map((text) => `\`${text}\``), ...cells].join(" | ")} |`;
  });
  const head = ["Route", "Field", ...clients];
  return `| ${head.join(" | ")} |\n|${" --- |".repeat(head.length)}\n${lines.sort().join("\n")}\n`;
}
