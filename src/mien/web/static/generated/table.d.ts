// Written by `make page-types`: see tools/page_types.py.

/** The whole table: looks by their names, what labels of people's own get, and "not sure". */
export interface Table {
  looks: Record<string, Entry>;
  others: Entry[];
  unsure: Entry;
}

/** A row of the table. */
export interface Entry {
  shape: string[];
  line: number[];
  colour: Colours;
  tone: (number | [number, number])[];
  word: string;
  synonyms: string[];
}

/** One colour as #rrggbb for each ground: the page's themes, and a dark plate over a picture. */
export interface Colours {
  light: string;
  dark: string;
  contrast: string;
  picture: string;
}

export const table: Table;
