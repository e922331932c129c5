const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/g;

/** Whether an object in this JSON text has two members of one name, which `JSON.parse` does not tell. */
export function repeatsMember(json: string): boolean {
  /** The names of each object around, `null` for a list. */
  const around: (Set<string> | null)[] = [];
  let text = '';
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === '{') around.push(new Set());
    else if (token === '[') around.push(null);
    else if (token === '}' || token === ']') around.pop();
    else if (token === ':') {
      const names = around.at(-1);
      const name = JSON.parse(text) as string;
      if (names?.has(name)) return true;
      names?.add(name);
    } else text = token;
  }
  return false;
}
