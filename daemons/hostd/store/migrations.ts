/**
 * The forms that hostd's SQLite file has had: an entry brings it from one to the next. Entries are added at the end and
 * never changed, except before the product's first release.
 */
export const migrations: readonly string[] = [
  `CREATE TABLE intent (
     id INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     subject TEXT NOT NULL,
     state TEXT NOT NULL,
     begun_ms INTEGER NOT NULL
   ) STRICT;`,
];
